import { areaOf, type RequestContext } from '../../shared/context.ts';
import { type CursorKeys, type CursorPayload, cursorBinding, cursorExpiry, givenDigest, openCursor, sealCursor } from '../../shared/cursor.ts';
import { cursorInvalid, NexusError } from '../../shared/errors.ts';
import { endpoints } from '../../shared/http/endpoints.ts';
import type { QueryRequest, QueryResponse } from '../../shared/http/query.ts';
import { limits } from '../../shared/limits.ts';
import { spaceKeyText } from '../../shared/space-key.ts';
import { freeRun, type Run } from '../ports/run.ts';
import { taskRecords } from '../records/task-records.ts';
import type { Door } from '../store/door.ts';
import { readAgainWhenGone } from '../store/read-again.ts';
import { type HeadOf, readAhead } from '../store/read-ahead.ts';
import type { Places } from '../store/spaces.ts';
import { type RerankDeps, rerankDepth } from './ask-reranker.ts';
import { indexesOf, metered } from './explain.ts';
import { fetchHits } from './hits.ts';
import { assignVectors, openScopes, type PlanDeps, type PlannedScope, spacesOf } from './plan.ts';
import { rank, toldOf } from './rank.ts';
import { waitForTask } from './wait-for-task.ts';
import { carriedBy, stateOf } from './walk-state.ts';

export interface QueryDeps extends PlanDeps, RerankDeps {
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
  if (rerankDepth(request.rerank) > 0 && deps.reranker === undefined)
    throw new NexusError('nexus.rerank_unavailable', 'No reranker is configured. Leave rerank out.');
  const spaces = spacesOf(context, request, spaceId);
  const binding = cursorBinding(endpoints.query.id, spaces.map(spaceKeyText), request);
  const cursor = request.cursor === undefined ? undefined : openCursor(request.cursor, binding, deps.cursorKeys, deps.nowMs());
  if (cursor === undefined && request.after_task !== undefined) {
    const area = areaOf(context);
    const { after_task } = request;
    await run.idle(() => waitForTask(taskRecords(deps.places.blobs(area), area, deps.nowMs), after_task));
  }
  const answer = (): Promise<Page> =>
    readAgainWhenGone(cursor !== undefined, (again) => {
      const consistency = again ?? request.consistency;
      const read = (headOf: HeadOf) => page(deps, request, context.tenant_id, headOf, spaces, binding, cursor, run);
      // A later page reads the version of the first, whatever is newest; and a reranker, whose calls may cost money, is not asked in vain.
      const isAhead = consistency !== 'eventual' && cursor === undefined && rerankDepth(request.rerank) === 0;
      return isAhead ? readAhead(deps.door, spaces, read, (ms) => run.took('head', ms)) : read((key) => deps.door.head(key, consistency));
    });
  const ended = ({ answered }: Page): QueryResponse => ({ ...answered, took_ms: rounded(performance.now() - startedMs) });
  if (request.explain !== true) return ended(await answer());
  return metered(deps.door, async (meter) => {
    const found = await answer();
    const object_store = meter();
    return { ...ended(found), explain: { ...found.explain, object_store, indexes: await indexesOf(found.scopes) } };
  });
};

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;

interface Page {
  answered: Pick<QueryResponse, 'hits' | 'next_cursor' | 'snapshot'>;
  /** What it says of itself when it is asked to. */
  explain: Record<string, unknown>;
  scopes: readonly PlannedScope[];
}

const page = async (
  deps: QueryDeps,
  request: QueryRequest,
  tenantId: string,
  headOf: HeadOf,
  spaces: ReturnType<typeof spacesOf>,
  binding: string,
  cursor: CursorPayload | undefined,
  run: Run,
): Promise<Page> => {
  const startedMs = performance.now();
  const scopes = await openScopes(deps.door, headOf, spaces, request, cursor);
  const embedded = await assignVectors(deps, scopes, request, tenantId, carriedBy(cursor), run);
  const plannedMs = performance.now();
  run.took('plan', plannedMs - startedMs);
  run.check();

  const position = cursor?.position ?? 0;
  const end = position + (request.limit ?? limits.defaultLimit);
  const { window, reranking, timings } = await rank(deps, request, scopes, end, cursor, run);
  const listsMs = timings.lists ?? 0;
  run.took('lists', listsMs);
  run.check();
  const given = window.slice(0, position).map(({ scope, id }) => `${scope} ${id}`);
  if (cursor !== undefined && givenDigest(given) !== cursor.given) throw cursorInvalid();

  const candidates = window.slice(position, end);
  const pins = Object.fromEntries(scopes.map(({ scope, pin }) => [scope, pin]));
  const nextCursor = async (): Promise<string | null> => {
    if (window.length <= end) return null;
    const exp = cursor?.exp ?? cursorExpiry(deps.nowMs());
    const givenNow = givenDigest([...given, ...candidates.map(({ scope, id }) => `${scope} ${id}`)]);
    return sealCursor({ exp, bind: binding, pins, position: end, given: givenNow, ...stateOf(embedded, reranking) }, deps.cursorKeys);
  };
  // Sealed while the engine reads the rows.
  const [hits, next] = await Promise.all([fetchHits(scopes, candidates, request), nextCursor()]);
  const finishedMs = performance.now();
  const rankedMs = listsMs + (timings.rerank ?? 0);
  run.took('rows', finishedMs - plannedMs - rankedMs);
  return {
    answered: { hits, next_cursor: next, snapshot: pins },
    explain: {
      timings_ms: { plan: rounded(plannedMs - startedMs), ...timings, rows: rounded(finishedMs - plannedMs - rankedMs) },
      candidates: window.length,
      ...(reranking === undefined ? {} : { rerank: toldOf(reranking, cursor !== undefined, deps.reranker) }),
    },
    scopes,
  };
};
