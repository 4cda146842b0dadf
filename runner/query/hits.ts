import type { Hit, QueryRequest } from '../../shared/http/query.ts';
import { formatMicros } from '../../shared/time.ts';
import type { Span } from '../chunk/blocks.ts';
import type { HitRow } from '../ports/vector-store.ts';
import { parseTextQuery } from '../text/text-query.ts';
import type { Candidate } from './fuse.ts';
import type { PlannedScope } from './plan.ts';
import { chunkOf, docIdOf } from './window.ts';

const chosen = ({ select = ['text', 'metadata'] }: QueryRequest) => new Set(select);

const selection = (select: ReturnType<typeof chosen>) => ({
  // Highlights are found in the text.
  text: select.has('text') || select.has('highlights'),
  metadata: select.has('metadata'),
  vector: select.has('vector'),
});

const hitOf = (candidate: Candidate, row: HitRow, select: ReturnType<typeof chosen>, highlights: Span[] | undefined, explain: boolean): Hit => ({
  id: candidate.id,
  doc_id: docIdOf(candidate.id),
  chunk: chunkOf(candidate.id),
  type: row.type,
  ...(row.text === undefined || !select.has('text') ? {} : { text: row.text }),
  ...(row.metadata === undefined ? {} : { metadata: row.metadata === null ? {} : JSON.parse(row.metadata) }),
  ...(row.vector === undefined ? {} : { vector: row.vector }),
  ...(select.has('highlights') ? { highlights: highlights ?? [] } : {}),
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
  const select = chosen(request);
  const query = select.has('highlights') && request.query !== undefined ? parseTextQuery(request.query) : undefined;
  const rows = new Map<string, HitRow>();
  const highlights = new Map<string, Span[]>();
  await Promise.all(
    scopes.map(async ({ scope, reader }) => {
      const wanted = candidates.filter((candidate) => candidate.scope === scope).map(({ rowId }) => rowId);
      const found = await reader.rows(wanted, selection(select));
      const spans =
        query === undefined
          ? []
          : await reader.highlight(
              query,
              found.map(({ text }) => text ?? ''),
            );
      found.forEach((row, index) => {
        rows.set(`${scope} ${row.rowId}`, row);
        highlights.set(`${scope} ${row.rowId}`, spans[index] ?? []);
      });
    }),
  );
  return candidates.map((candidate) => {
    const key = `${candidate.scope} ${candidate.rowId}`;
    const row = rows.get(key);
    if (row === undefined) throw new Error(`row ${candidate.rowId} of ${candidate.id} was found but cannot be read`);
    return hitOf(candidate, row, select, highlights.get(key), request.explain === true);
  });
};
