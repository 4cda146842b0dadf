import type { FilterNode } from '../../shared/filter.ts';
import type { QueryMode, QueryRequest } from '../../shared/http/query.ts';
import type { Metric } from '../../shared/http/spaces.ts';
import type { Run } from '../ports/run.ts';
import type { RawList } from './fuse.ts';
import type { PlannedScope } from './plan.ts';

/** Score of a distance: 1 − distance for cosine and for dot (which the engine gives as 1 − product), the negated distance for L2. */
const scoreOfDistance: Record<Metric, (distance: number) => number> = {
  cosine: (distance) => 1 - distance,
  dot: (distance) => 1 - distance,
  l2: (distance) => -distance,
};

/** The raw lists at one depth: vector and text, of every scope, all at once. */
export const retrieve = async (
  scopes: readonly PlannedScope[],
  request: QueryRequest,
  mode: QueryMode,
  filter: FilterNode | undefined,
  depth: number,
  run: Run,
): Promise<RawList[]> => {
  const lists = scopes.flatMap(({ scope, reader, vector, head }): Promise<RawList>[] => {
    const searches: Promise<RawList>[] = [];
    if (mode !== 'text' && vector !== undefined) {
      const { metric, embedding_model } = head.table;
      const score = scoreOfDistance[metric];
      searches.push(
        reader
          .vectorSearch(vector, metric, depth, filter, run.remainingMs())
          .then((hits) => ({ kind: 'vector', scope, measure: `${embedding_model} ${metric}`, score: (hit) => score(hit.distance ?? 0), hits })),
      );
    }
    const { query } = request;
    if (mode !== 'vector' && query !== undefined) {
      searches.push(
        reader
          .textSearch(query, depth, filter, run.remainingMs())
          .then((hits) => ({ kind: 'text', scope, measure: 'bm25', score: (hit) => hit.bm25 ?? 0, hits })),
      );
    }
    return searches;
  });
  return Promise.all(lists);
};

/** A full list may have more behind it. */
export const mayHaveMore = (lists: readonly RawList[], depth: number): boolean => lists.some(({ hits }) => hits.length >= depth);
