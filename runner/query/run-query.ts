import { areaOf, type RequestContext } from '../../shared/context.ts';
import { type CursorKeys, type CursorPayload, cursorBinding, cursorExpiry, givenDigest, openCursor, sealCursor } from '../../shared/cursor.ts';
import { cursorInvalid, NexusError } from '../../shared/errors.ts';
import { type FilterNode, parseFilter } from '../../shared/filter.ts';
import { endpoints } from '../../shared/http/endpoints.ts';
import { modeOf, type QueryRequest, type QueryResponse } from '../../shared/http/query.ts';
import { limits } from '../../shared/limits.ts';
import { type Scope, spaceKeyText } from '../../shared/space-key.ts';
import { freeRun, type Run } from '../ports/run.ts';
import { taskRecords } from '../records/task-records.ts';
import type { Door } from '../store/door.ts';
import { readAgainWhenGone } from '../store/read-again.ts';
import type { Places } from '../store/spaces.ts';
import { indexesOf, type Meter, metered } from './explain.ts';
import { type Candidate, defaultFusionK, defaultWeights, type FusionOptions, fuse, settled } from './fuse.ts';
import { fetchHits } from './hits.ts';
import { assignVectors, openScopes, type PlanDeps, type PlannedScope, spacesOf } from './plan.ts';
import { mayHaveMore, retrieve } from './retrieve.ts';
import { waitForTask } from './wait-for-task.ts';
import { carriedBy, stateOf } from './walk-state.ts';
import { windowOf } from './window.ts';

export interface QueryDeps extends PlanDeps {
  places: Places;
  door: Door;
  cursorKeys: CursorKeys;
  nowMs: () => number;
}

/**
 * One page of a query. The first page fixes versions; later pages rank the same versions in the same way and go on
 * where the page before ended, so that a walk is one ranking whatever is written in between.
 * @throws NexusError 409, 410, 422, 503
 */
export const runQuery = async (
  deps: QueryDeps,
  context: RequestContext,
  spaceId: string,
  request: QueryRequest,
  run: Run = freeRun,
): Promise<QueryResponse> => {
  const startedMs = performance.now();
  if (request.rerank !== undefined && request.rerank !== false)
    throw new NexusError('nexus.rerank_unavailable', 'No reranker is configured. Leave rerank out.');
  const spaces = spacesOf(context, request, spaceId);
  const binding = await cursorBinding(endpoints.query.id, spaces.map(spaceKeyText), request);
  const cursor = request.cursor === undefined ? undefined : await openCursor(request.cursor, binding, deps.cursorKeys, deps.nowMs());
  if (cursor === undefined && request.after_task !== undefined) {
    const area = areaOf(context);
    const { after_task } = request;
    await run.idle(() => waitForTask(taskRecords(deps.places.blobs(area), area, deps.nowMs), after_task, deps.nowMs));
  }
  const answer = (meter?: Meter) =>
    readAgainWhenGone(cursor !== undefined, (consistency) =>
      page(deps, { ...request, consistency: consistency ?? request.consistency }, context.tenant_id, spaces, binding, cursor, startedMs, run, meter),
    );
  return request.explain === true ? metered(deps.door, answer) : answer();
};

const page = async (
  deps: QueryDeps,
  request: QueryRequest,
  tenantId: string,
  spaces: ReturnType<typeof spacesOf>,
  binding: string,
  cursor: CursorPayload | undefined,
  startedMs: number,
  run: Run,
  meter: Meter | undefined,
): Promise<QueryResponse> => {
  const scopes = await openScopes(deps.door, spaces, request, cursor);
  const embedded = await assignVectors(deps, scopes, request, tenantId, carriedBy(cursor), run);
  const plannedMs = performance.now();
  run.took('plan', plannedMs - startedMs);
  run.check();

  const position = cursor?.position ?? 0;
  const end = position + (request.limit ?? limits.defaultLimit);
  const { window, listsMs } = await rank(request, scopes, end, run);
  run.took('lists', listsMs);
  run.check();
  const given = window.slice(0, position).map(({ scope, id }) => `${scope} ${id}`);
  if (cursor !== undefined && (await givenDigest(given)) !== cursor.given) throw cursorInvalid();

  const candidates = window.slice(position, end);
  const hits = await fetchHits(scopes, candidates, request);
  const pins = Object.fromEntries(scopes.map(({ scope, pin }) => [scope, pin]));
  const next =
    window.length <= end
      ? null
      : await sealCursor(
          {
            exp: cursor?.exp ?? cursorExpiry(deps.nowMs()),
            bind: binding,
            pins,
            position: end,
            given: await givenDigest([...given, ...candidates.map(({ scope, id }) => `${scope} ${id}`)]),
            ...stateOf(embedded),
          },
          deps.cursorKeys,
        );
  const finishedMs = performance.now();
  run.took('rows', finishedMs - plannedMs - listsMs);
  const took = (from: number, to: number): number => Math.round((to - from) * 1000) / 1000;
  return {
    hits,
    next_cursor: next,
    snapshot: pins,
    took_ms: took(startedMs, finishedMs),
    ...(meter === undefined
      ? {}
      : {
          explain: {
            timings_ms: { plan: took(startedMs, plannedMs), lists: listsMs, rows: took(plannedMs + listsMs, finishedMs) },
            candidates: window.length,
            object_store: meter(),
            indexes: await indexesOf(scopes),
          },
        }),
  };
};

/** The window down to where the page ends, and one further, so that it is known whether something follows. */
const rank = async (request: QueryRequest, scopes: readonly PlannedScope[], end: number, run: Run): Promise<{ window: Candidate[]; listsMs: number }> => {
  const startedMs = performance.now();
  const mode = modeOf(request);
  const filter: FilterNode | undefined = request.filter === undefined ? undefined : parseFilter(request.filter);
  const fusion = fusionOf(request, scopes);
  const options = { groupByDocument: request.group_by === 'doc_id', minScore: request.min_score, caps: request.fusion?.caps ?? {} };

  const lists = await retrieve(scopes, request, mode, filter, limits.rawListDepth, run);
  const near = settled(fuse(lists, fusion), lists, limits.rawListDepth, fusion);
  let window = windowOf(near, [], options);
  if (window.length <= end && mayHaveMore(lists)) {
    window = windowOf(near, fuse(await retrieve(scopes, request, mode, filter, limits.windowHits, run), fusion), options);
  }
  return { window, listsMs: performance.now() - startedMs };
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
