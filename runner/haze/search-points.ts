import type { RequestContext } from '../../shared/context.ts';
import type { HazeFound, HazeSearchResponse } from '../../shared/http/haze.ts';
import type { Hit, QueryRequest } from '../../shared/http/query.ts';
import { formatMicros } from '../../shared/time.ts';
import type { Run } from '../ports/run.ts';
import { spacesOf } from '../query/plan.ts';
import { type QueryDeps, runQuery } from '../query/run-query.ts';
import { type FirstSnapshotDeps, firstSnapshot } from './first-snapshot.ts';
import { describeMaps, type OpenMap, openMaps } from './open-maps.ts';
import type { Snapshots } from './snapshots.ts';
import { snippetOf } from './texts.ts';

export interface SearchPointsDeps extends QueryDeps, FirstSnapshotDeps {
  snapshots: Snapshots;
}

const nowhere = { x: null, y: null, z: null, cluster: null } as const;

/** A hit at its place on the map of its scope; a passage that came or changed after the map was drawn has none, and shows nothing of before. */
const found = (hit: Hit, rank: number, maps: readonly OpenMap[]): HazeFound => {
  const view = maps.find(({ key }) => key.scope === hit.source_scope)?.view;
  const index = view?.indexOf(hit.id);
  const isDrawn = view !== undefined && index !== undefined && formatMicros(view.seqAt(index)) === hit.updated_at;
  if (!isDrawn) return { ...hit, rank, title: hit.doc_id, snippet: snippetOf(hit.text), ...nowhere };
  const { x, y, z, cluster, title, snippet } = view.pointAt(index);
  return { ...hit, rank, title, snippet: hit.text === undefined ? snippet : snippetOf(hit.text), x, y, z, cluster };
};

/** Hits that say where a query lies. */
const landingHits = 5;

/** On one map, the own one if it has hits: places of two maps have no mean. */
const landingOf = (points: readonly HazeFound[]): HazeSearchResponse['landing'] => {
  const placed = points.filter(({ x }) => x !== null);
  const scope = placed.some(({ source_scope }) => source_scope === 'tenant') ? 'tenant' : 'global';
  const near = placed.filter(({ source_scope }) => source_scope === scope).slice(0, landingHits);
  if (near.length === 0) return null;
  const weights = near.map((_, index) => 1 / (index + 1));
  const sum = weights.reduce((whole, weight) => whole + weight, 0);
  const mean = (axis: 'x' | 'y' | 'z') => near.reduce((whole, point, index) => whole + ((weights[index] ?? 0) / sum) * (point[axis] ?? 0), 0);
  return { x: mean('x'), y: mean('y'), z: mean('z') };
};

/** A query's first page, on the map. @throws NexusError 409, 422, 503 */
export const searchPoints = async (
  deps: SearchPointsDeps,
  context: RequestContext,
  spaceId: string,
  request: QueryRequest,
  requestId: string,
  run: Run,
): Promise<HazeSearchResponse> => {
  const { hits, took_ms } = await runQuery(deps, context, spaceId, request, run);
  const spaces = await openMaps(deps, spacesOf(context, request, spaceId), undefined);
  const maps = spaces.flatMap(({ map }) => map ?? []);
  const points = hits.map((hit, index) => found(hit, index + 1, maps));
  return { ...describeMaps(maps), ...(await firstSnapshot(deps, context, requestId, spaces)), landing: landingOf(points), points, took_ms };
};
