import type { CursorPayload } from '../../shared/cursor.ts';
import { type FilterNode, parseFilter } from '../../shared/filter.ts';
import { modeOf, type QueryRequest } from '../../shared/http/query.ts';
import { limits } from '../../shared/limits.ts';
import type { Scope } from '../../shared/space-key.ts';
import type { Reranker } from '../ports/reranker.ts';
import type { Run } from '../ports/run.ts';
import { askReranker, type RerankDeps, rerankDepth } from './ask-reranker.ts';
import { type Candidate, defaultFusionK, defaultWeights, type FusionOptions, fuse, settled } from './fuse.ts';
import type { PlannedScope } from './plan.ts';
import { type Reranking, reranked, rerankingBy } from './reranking.ts';
import { mayHaveMore, retrieve } from './retrieve.ts';
import { cutWindow, groupedOf } from './window.ts';

/** What `explain` says of the reranking: a caller who gets the fused order can see that and why. */
export const toldOf = (reranking: Reranking, kept: boolean, reranker: Reranker | undefined): Record<string, unknown> => ({
  model: reranker?.model,
  ...(typeof reranking === 'string' ? { outcome: reranking, order: 'fused' } : { outcome: kept ? 'kept' : 'done', order: 'reranked' }),
});

export interface Ranked {
  window: Candidate[];
  /** Undefined: none was asked for. */
  reranking: Reranking | undefined;
  /** Milliseconds by stage. */
  timings: { lists: number; rerank?: number };
}

/**
 * The window down to where the page ends, and one further, so that it is known whether something follows: lists → fused
 * once → grouped → reranked → `min_score` → caps.
 */
export const rank = async (
  deps: RerankDeps,
  request: QueryRequest,
  scopes: readonly PlannedScope[],
  end: number,
  cursor: CursorPayload | undefined,
  run: Run,
): Promise<Ranked> => {
  const startedMs = performance.now();
  const mode = modeOf(request);
  const filter: FilterNode | undefined = request.filter === undefined ? undefined : parseFilter(request.filter);
  const fusion = fusionOf(request, scopes);
  const options = { groupByDocument: request.group_by === 'doc_id', minScore: request.min_score, caps: request.fusion?.caps ?? {} };
  const topN = rerankDepth(request.rerank);

  const lists = await retrieve(scopes, request, mode, filter, limits.rawListDepth, run);
  const near = settled(fuse(lists, fusion), lists, limits.rawListDepth, fusion);
  let far: readonly Candidate[] | undefined = mayHaveMore(lists) ? undefined : [];
  let rerankMs = 0;
  let reranking = topN > 0 ? rerankingBy(cursor) : undefined;
  const goOn = async (): Promise<void> => {
    far = fuse(await retrieve(scopes, request, mode, filter, limits.windowHits, run), fusion);
  };
  const windowNow = async (): Promise<Candidate[]> => {
    const grouped = groupedOf(near, far ?? [], options);
    if (topN === 0) return cutWindow(grouped, options);
    if (reranking === undefined) {
      const { reranker } = deps;
      if (reranker === undefined) throw new Error('a reranking was asked for, and there is no reranker');
      const askedMs = performance.now();
      reranking = await askReranker({ ...deps, reranker }, scopes, request.query ?? '', grouped.slice(0, topN), run);
      rerankMs = performance.now() - askedMs;
    }
    return cutWindow(reranked(grouped, topN, reranking, request.min_score), options);
  };

  // What is judged must be the same on every page, however deep this one goes.
  if (far === undefined && groupedOf(near, [], options).length < topN) await goOn();
  let window = await windowNow();
  if (window.length <= end && far === undefined) {
    await goOn();
    window = await windowNow();
  }
  const listsMs = performance.now() - startedMs - rerankMs;
  return { window, reranking, timings: { lists: listsMs, ...(topN > 0 ? { rerank: rerankMs } : {}) } };
};

const fusionOf = (request: QueryRequest, scopes: readonly PlannedScope[]): FusionOptions => {
  const own = (scope: Scope): number | undefined => scopes.find((planned) => planned.scope === scope)?.vectorWeight;
  const weights = defaultWeights({ tenant: own('tenant') ?? own('global') ?? 1, global: own('global') ?? own('tenant') ?? 1 });
  const given = Object.entries(request.fusion?.weights ?? {}).filter(([, weight]) => weight !== undefined);
  return {
    mode: modeOf(request),
    k: request.fusion?.k ?? defaultFusionK,
    weights: { ...weights, ...Object.fromEntries(given) },
  };
};
