import { limits } from '../../shared/limits.ts';
import type { Scope } from '../../shared/space-key.ts';
import type { RawHit } from '../ports/vector-store.ts';

/** The raw lists of one query, one per kind and scope; best first. */
export interface RawList {
  kind: 'vector' | 'text';
  scope: Scope;
  /** Lists of one measure (model and metric, or BM25) have numbers that can be compared. */
  measure: string;
  /** The engine's number as a score, larger better. */
  score: (hit: RawHit) => number;
  hits: readonly RawHit[];
}

/** A row among the candidates: who it is, how good it is, and why. */
export interface Candidate {
  scope: Scope;
  id: string;
  rowId: bigint;
  /** Larger is better. */
  score: number;
  distance?: number;
  bm25?: number;
  /** 1-based rank in each kind of list, and, where a reranker has judged, before it and by it. */
  ranks: { vector?: number; text?: number; fused?: number; rerank?: number };
}

export interface FusionOptions {
  mode: 'hybrid' | 'vector' | 'text';
  k: number;
  /** Embedders differ in how much their lists are worth, and so may the spaces of two scopes. */
  weights: { vector: number | Readonly<Record<Scope, number>>; text: number; tenant: number; global: number };
}

interface Entry {
  scope: Scope;
  id: string;
  hit: RawHit;
  score: number;
}

const scopeOrder: Record<Scope, number> = { tenant: 0, global: 1 };
const byIdentity = (a: { scope: Scope; id: string }, b: { scope: Scope; id: string }): number =>
  scopeOrder[a.scope] - scopeOrder[b.scope] || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/**
 * Lists of one measure become one ranking over both scopes: their numbers say the same, so rows of an irrelevant space
 * stay as low as they scored. Lists of different measures keep their own ranks.
 */
const rankings = (lists: readonly RawList[]): { kind: RawList['kind']; entries: Entry[] }[] => {
  const byMeasure = Map.groupBy(lists, ({ kind, measure }) => `${kind} ${measure}`);
  return [...byMeasure.values()].map((same) => ({
    kind: same[0]?.kind ?? 'text',
    entries: same
      .flatMap(({ scope, hits, score }) => hits.map((hit): Entry => ({ scope, id: hit.id, hit, score: score(hit) })))
      .sort((a, b) => b.score - a.score || byIdentity(a, b)),
  }));
};

const keyOf = ({ scope, rowId }: { scope: Scope; rowId: bigint }): string => `${scope} ${rowId}`;

const collect = (lists: readonly RawList[]): Candidate[] => {
  const candidates = new Map<string, Candidate>();
  for (const { kind, entries } of rankings(lists)) {
    entries.forEach(({ scope, id, hit, score }, index) => {
      const key = keyOf({ scope, rowId: hit.rowId });
      const known = candidates.get(key) ?? { scope, id, rowId: hit.rowId, score, ranks: {} };
      known.ranks[kind] = index + 1;
      if (hit.distance !== undefined) known.distance = hit.distance;
      if (hit.bm25 !== undefined) known.bm25 = hit.bm25;
      candidates.set(key, known);
    });
  }
  return [...candidates.values()];
};

/** Weight of one list: of its kind, times of its scope. */
const weightOf = (kind: 'vector' | 'text', scope: Scope, { weights }: FusionOptions): number => {
  const own = weights[kind];
  return (typeof own === 'number' ? own : own[scope]) * weights[scope];
};

/** The most that the lists of a scope can give a row. */
const mostOf = (scope: Scope, options: FusionOptions): number => (weightOf('vector', scope, options) + weightOf('text', scope, options)) / (options.k + 1);

/** Weighted reciprocal rank fusion (Cormack, Clarke, Büttcher 2009), divided by the most that a row could get: 0 to 1. */
const reciprocalRank = ({ ranks, scope }: Candidate, options: FusionOptions): number => {
  const share = (kind: 'vector' | 'text'): number => {
    const rank = ranks[kind];
    return rank === undefined ? 0 : weightOf(kind, scope, options) / (options.k + rank);
  };
  const most = Math.max(mostOf('tenant', options), mostOf('global', options));
  // Rounding may put the best possible row a hair above 1.
  return most === 0 ? 0 : Math.min(1, (share('vector') + share('text')) / most);
};

/** A list whose weight is 0 is as if it were not there. */
const counts = ({ kind, scope }: RawList, options: FusionOptions): boolean => options.mode !== 'hybrid' || weightOf(kind, scope, options) > 0;

/**
 * Raw lists → one ranking, best first; ties by scope, then id. Pure; the order of the lists does not matter. In one
 * mode the score is the list's own, in hybrid the fused one.
 */
export const fuse = (lists: readonly RawList[], options: FusionOptions): Candidate[] => {
  const candidates = collect(lists.filter((list) => counts(list, options)));
  if (options.mode === 'hybrid') for (const candidate of candidates) candidate.score = reciprocalRank(candidate, options);
  return candidates.sort((a, b) => b.score - a.score || byIdentity(a, b));
};

/**
 * The part of a ranking that longer lists cannot change. In one mode that is what scores above the end of every list
 * that was cut off: behind it the list may go on with rows that are better than the other scope's, or as good as its own
 * last. In hybrid ranks are all that counts, and the ranking is what its lists made it.
 */
export const settled = (ranked: readonly Candidate[], lists: readonly RawList[], depth: number, { mode }: FusionOptions): readonly Candidate[] => {
  if (mode === 'hybrid') return ranked;
  const ends = lists.flatMap(({ hits, score }) => (hits.length < depth ? [] : hits.slice(-1).map(score)));
  const end = Math.max(...ends);
  return ends.length === 0 ? ranked : ranked.filter(({ score }) => score > end);
};

export const defaultWeights = (vector: FusionOptions['weights']['vector']): FusionOptions['weights'] => ({ vector, text: 1, tenant: 1, global: 1 });

export const defaultFusionK = limits.fusionK;
