import { limits } from '../../shared/limits.ts';
import type { Scope } from '../../shared/space-key.ts';
import type { Candidate } from './fuse.ts';

export interface WindowOptions {
  groupByDocument: boolean;
  minScore: number | undefined;
  caps: { tenant?: number | undefined; global?: number | undefined };
}

/** `{doc_id}#{chunk}` → doc_id. */
export const docIdOf = (chunkId: string): string => chunkId.slice(0, chunkId.lastIndexOf('#'));

const bestPerDocument = (ranked: readonly Candidate[]): Candidate[] => {
  const seen = new Set<string>();
  return ranked.filter(({ scope, id }) => {
    const document = `${scope} ${docIdOf(id)}`;
    return !seen.has(document) && seen.add(document);
  });
};

const capped = (ranked: readonly Candidate[], caps: WindowOptions['caps']): Candidate[] => {
  const left: Record<Scope, number> = { tenant: caps.tenant ?? Number.POSITIVE_INFINITY, global: caps.global ?? Number.POSITIVE_INFINITY };
  return ranked.filter(({ scope }) => left[scope]-- > 0);
};

/**
 * What a query's pages are cut from: grouped, then `min_score`, then caps, then at most `limits.windowHits`.
 * @param near the ranking of the lists at their ordinary depth
 * @param far the ranking of the deeper lists, when pages go past the near one: its rows follow, without those ranked already
 */
export const windowOf = (near: readonly Candidate[], far: readonly Candidate[], { groupByDocument, minScore, caps }: WindowOptions): Candidate[] => {
  const known = new Set(near.map(({ scope, rowId }) => `${scope} ${rowId}`));
  const floor = near.at(-1)?.score ?? Number.POSITIVE_INFINITY;
  // A row that only the deeper lists hold may score above the last of the near ranking, which counted fewer lists for
  // it; it comes after all the same, so its score is held down to keep scores falling.
  const rest = far
    .filter(({ scope, rowId }) => !known.has(`${scope} ${rowId}`))
    .map((candidate) => ({ ...candidate, score: Math.min(candidate.score, floor) }));
  const ranked = [...near, ...rest];
  const grouped = groupByDocument ? bestPerDocument(ranked) : ranked;
  const good = minScore === undefined ? grouped : grouped.filter(({ score }) => score >= minScore);
  return capped(good, caps).slice(0, limits.windowHits);
};
