import type { FilterNode } from '../../shared/filter.ts';
import type { QueryMode, QueryRequest } from '../../shared/http/query.ts';
import type { Metric } from '../../shared/http/spaces.ts';
import type { Run } from '../ports/run.ts';
import type { RawHit, TableReader } from '../ports/vector-store.ts';
import { isRestricted, noTextQuery, parseTextQuery, type TextQuery } from '../text/text-query.ts';
import type { RawList } from './fuse.ts';
import type { PlannedScope } from './plan.ts';
import { pooledScores } from './pooled-scores.ts';

/** Score of a distance: 1 − distance for cosine and for dot (which the engine gives as 1 − product), the negated distance for L2. */
const scoreOfDistance: Record<Metric, (distance: number) => number> = {
  cosine: (distance) => 1 - distance,
  dot: (distance) => 1 - distance,
  l2: (distance) => -distance,
};

/** So many passages are known to hold what a query requires or excludes. */
const restrictionReach = 10_000;
type RowsWith = (query: Partial<TextQuery>) => Promise<Set<bigint>>;
const rowsOf =
  (reader: TableReader, filter: FilterNode | undefined, run: Run): RowsWith =>
  async (query) =>
    new Set((await reader.textSearch({ ...noTextQuery, ...query }, restrictionReach, filter, run.remainingMs())).map(({ rowId }) => rowId));

/** Keeps to what the text requires and excludes: a passage that is like the query in meaning is no hit without its words. */
const restricted = async (hits: RawHit[], query: TextQuery, rowsWith: RowsWith): Promise<RawHit[]> => {
  const { required, phrases, requiredMisspelt, excluded, excludedPhrases } = query;
  const isAsked = required.length + phrases.length + requiredMisspelt.length > 0;
  const [asked, ...banned] = await Promise.all([
    isAsked ? rowsWith({ required, phrases, requiredMisspelt }) : undefined,
    rowsWith({ any: excluded }),
    ...excludedPhrases.map((phrase) => rowsWith({ phrases: [phrase] })),
  ]);
  return hits.filter(({ rowId }) => (asked === undefined || asked.has(rowId)) && !banned.some((rows) => rows?.has(rowId)));
};

/** In hybrid only ranks are seen of a text list, so both scopes' may be counted by one measure; in text mode the score is the engine's. */
const poolOf = async (scopes: readonly PlannedScope[], query: TextQuery, run: Run): Promise<ReturnType<typeof pooledScores>> =>
  pooledScores(new Map(await Promise.all(scopes.map(async ({ scope, reader }) => [scope, await reader.termScores(query, run.remainingMs())] as const))));

export interface RetrievedList extends RawList {
  /** It was full before the text's rules were kept to: more may follow behind it. */
  isFull: boolean;
}

/** The raw lists at one depth: vector and text, of every scope, all at once. */
export const retrieve = async (
  scopes: readonly PlannedScope[],
  request: QueryRequest,
  mode: QueryMode,
  filter: FilterNode | undefined,
  depth: number,
  run: Run,
): Promise<RetrievedList[]> => {
  const text = mode === 'vector' || request.query === undefined ? undefined : parseTextQuery(request.query);
  const vectorList = async ({ scope, reader, head }: PlannedScope, vector: Float32Array): Promise<RetrievedList> => {
    const { metric, embedding_model } = head.table;
    const score = scoreOfDistance[metric];
    const found = await reader.vectorSearch(vector, metric, depth, filter, run.remainingMs());
    const hits = text !== undefined && isRestricted(text) ? await restricted(found, text, rowsOf(reader, filter, run)) : found;
    return { kind: 'vector', scope, measure: `${embedding_model} ${metric}`, score: (hit) => score(hit.distance ?? 0), hits, isFull: found.length >= depth };
  };
  const pooled = mode === 'hybrid' && text !== undefined && scopes.length > 1 ? poolOf(scopes, text, run) : undefined;
  const textList = async ({ scope, reader }: PlannedScope, query: TextQuery): Promise<RetrievedList> => {
    const [hits, pooledScore] = await Promise.all([reader.textSearch(query, depth, filter, run.remainingMs()), pooled]);
    const score: RawList['score'] = (hit) => pooledScore?.(scope, hit) ?? hit.bm25 ?? 0;
    return { kind: 'text', scope, measure: 'bm25', score, hits, isFull: hits.length >= depth };
  };
  return Promise.all(
    scopes.flatMap((scope) => [
      ...(mode === 'text' || scope.vector === undefined ? [] : [vectorList(scope, scope.vector)]),
      ...(text === undefined ? [] : [textList(scope, text)]),
    ]),
  );
};

/** A full list may have more behind it. */
export const mayHaveMore = (lists: readonly RetrievedList[]): boolean => lists.some(({ isFull }) => isFull);
