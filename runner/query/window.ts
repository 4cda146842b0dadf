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
/** `{doc_id}#{chunk}` → chunk. */
export const chunkOf = (chunkId: string): number => Number(chunkId.slice(chunkId.lastIndexOf('#') + 1));

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

/** The next lower number, give or take: enough to stand after, too little to see. */
const below = (score: number): number => score - Math.max(Math.abs(score), 1e-30) * 2 ** -50;

/**
 * The ranking goes on behind another. A row of the deeper lists may score above the last row before it: an approximate
 * search found it only now, or, in hybrid, more lists count for it now. It comes after all the same, so its score is
 * held just below what stands before it: scores fall, the order stays, and rows of one score stay rows of one score.
 */
export const heldBelow = (floor: number, rest: readonly Candidate[]): Candidate[] => {
  let held = floor;
  let last = Number.NaN;
  return rest.map((candidate) => {
    if (candidate.score !== last) held = Math.min(candidate.score, held === Number.POSITIVE_INFINITY ? held : below(held));
    last = candidate.score;
    return { ...candidate, score: held };
  });
};

/**
 * What a query's pages are cut from: grouped, then `min_score`, then caps, then at most `limits.windowHits`.
 * @param near the ranking of the lists at their ordinary depth, as far as deeper lists cannot change it
 * @param far the ranking of the deeper lists, when pages go past the near one: its rows follow, without those ranked already
 */
export const windowOf = (near: readonly Candidate[], far: readonly Candidate[], options: WindowOptions): Candidate[] =>
  cutWindow(groupedOf(near, far, options), options);

/** The first half: one ranking, grouped. What is ranked so far stays as it is when `far` is added. */
export const groupedOf = (near: readonly Candidate[], far: readonly Candidate[], { groupByDocument }: Pick<WindowOptions, 'groupByDocument'>): Candidate[] => {
  const known = new Set(near.map(({ scope, rowId }) => `${scope} ${rowId}`));
  const rest = heldBelow(
    near.at(-1)?.score ?? Number.POSITIVE_INFINITY,
    far.filter(({ scope, rowId }) => !known.has(`${scope} ${rowId}`)),
  );
  const ranked = [...near, ...rest];
  return groupByDocument ? bestPerDocument(ranked) : ranked;
};

/** The second half, after a reranker had its turn. */
export const cutWindow = (ranked: readonly Candidate[], { minScore, caps }: Pick<WindowOptions, 'minScore' | 'caps'>): Candidate[] => {
  const good = minScore === undefined ? ranked : ranked.filter(({ score }) => score >= minScore);
  return capped(good, caps).slice(0, limits.windowHits);
};
