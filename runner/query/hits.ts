import type { Hit, QueryRequest } from '../../shared/http/query.ts';
import { formatMicros } from '../../shared/time.ts';
import type { HitRow } from '../ports/vector-store.ts';
import type { Candidate } from './fuse.ts';
import type { PlannedScope } from './plan.ts';

const selection = ({ select = ['text', 'metadata'] }: QueryRequest) => ({
  text: select.includes('text'),
  metadata: select.includes('metadata'),
  vector: select.includes('vector'),
});

const hitOf = (candidate: Candidate, row: HitRow, explain: boolean): Hit => ({
  id: candidate.id,
  doc_id: row.doc_id,
  chunk: row.chunk,
  type: row.type,
  ...(row.text === undefined ? {} : { text: row.text }),
  ...(row.metadata === undefined ? {} : { metadata: row.metadata === null ? {} : JSON.parse(row.metadata) }),
  ...(row.vector === undefined ? {} : { vector: row.vector }),
  score: candidate.score,
  source_scope: candidate.scope,
  ...(candidate.distance === undefined ? {} : { distance: candidate.distance }),
  ...(candidate.bm25 === undefined ? {} : { bm25: candidate.bm25 }),
  ...(row.source_uri === null ? {} : { source_uri: row.source_uri }),
  ...(row.page === null ? {} : { page: row.page }),
  ...(row.start === null || row.end === null ? {} : { offsets: { start: row.start, end: row.end } }),
  updated_at: formatMicros(row.seq),
  ...(explain ? { explain: { ranks: { ...candidate.ranks } } } : {}),
});

/** Candidates of one page → hits, each scope's rows fetched in one go. */
export const fetchHits = async (scopes: readonly PlannedScope[], candidates: readonly Candidate[], request: QueryRequest): Promise<Hit[]> => {
  const select = selection(request);
  const rows = new Map<string, HitRow>();
  await Promise.all(
    scopes.map(async ({ scope, reader }) => {
      const wanted = candidates.filter((candidate) => candidate.scope === scope).map(({ rowId }) => rowId);
      for (const row of await reader.rows(wanted, select)) rows.set(`${scope} ${row.rowId}`, row);
    }),
  );
  return candidates.map((candidate) => {
    const row = rows.get(`${candidate.scope} ${candidate.rowId}`);
    if (row === undefined) throw new Error(`row ${candidate.rowId} of ${candidate.id} was found but cannot be read`);
    return hitOf(candidate, row, request.explain === true);
  });
};
