import { sha256Hex } from '../../shared/bytes.ts';
import { canonicalJson } from '../../shared/canonical-json.ts';
import type { RequestContext } from '../../shared/context.ts';
import { type CursorKeys, type CursorPayload, cursorBinding, cursorExpiry, givenDigest, openCursor, sealCursor } from '../../shared/cursor.ts';
import { endpoints, hazeSpaces } from '../../shared/http/endpoints.ts';
import type { Bbox, HazePoint, HazePointsQuery, HazePointsResponse } from '../../shared/http/haze.ts';
import { limits } from '../../shared/limits.ts';
import { spaceKeyText } from '../../shared/space-key.ts';
import type { Door } from '../store/door.ts';
import { readAgainWhenGone } from '../store/read-again.ts';
import { isOutOfDate } from './changed-enough.ts';
import { type FirstSnapshotDeps, firstSnapshot } from './first-snapshot.ts';
import type { LiveRows, ReadLiveRows } from './live-rows.ts';
import { describeMaps, type OpenMap, openMaps, snapshotNumbers } from './open-maps.ts';
import type { SnapshotPoint } from './snapshot-file.ts';
import type { Snapshots } from './snapshots.ts';

export interface ReadPointsDeps extends FirstSnapshotDeps {
  door: Door;
  snapshots: Snapshots;
  liveRows: ReadLiveRows;
  cursorKeys: CursorKeys;
}

/** A page that can be named before it is made. */
export interface PointsPage {
  /** Of everything that the page follows from; undefined when there is no map, which may change at any moment. */
  etag: string | undefined;
  read(): Promise<HazePointsResponse>;
}

/**
 * Points of a space's map, a fair sample first. A walk shows one snapshot beside one version of the space, whatever is
 * written or drawn meanwhile.
 * @throws NexusError 410, 422, 503
 */
export const readPoints = async (
  deps: ReadPointsDeps,
  context: RequestContext,
  spaceId: string,
  query: HazePointsQuery,
  requestId: string,
): Promise<PointsPage> => {
  const keys = hazeSpaces(context, spaceId, query);
  const locations = keys.map(spaceKeyText);
  const binding = cursorBinding(endpoints.hazePoints.id, locations, query);
  const cursor = query.cursor === undefined ? undefined : openCursor(query.cursor, binding, deps.cursorKeys, deps.nowMs());
  const spaces = await openMaps(deps, keys, cursor);
  const maps = spaces.flatMap(({ map }) => map ?? []);
  const started = await firstSnapshot(deps, context, requestId, spaces);
  if (maps.length === 0) {
    const nothing = { snapshot: null, snapshots: [], points: [], clusters: [], next_cursor: null, ...started };
    return { etag: undefined, read: async () => nothing };
  }
  const named = {
    locations,
    query,
    snapshots: snapshotNumbers(maps),
    pins: maps.map(({ pin }) => pin),
    seqs: maps.map(({ head }) => head.seq),
    waiting: started.hint ?? null,
  };
  return {
    etag: `"${(sha256Hex(canonicalJson(named))).slice(0, 32)}"`,
    read: () =>
      readAgainWhenGone(cursor !== undefined, async (again) => {
        const present = again === undefined ? maps : (await openMaps(deps, keys, undefined)).flatMap(({ map }) => map ?? []);
        return { ...(await page(deps, present, query, binding, cursor)), ...started };
      }),
  };
};

/** A map's rows as far as they are shown. */
interface Shown {
  map: OpenMap;
  live: LiveRows;
}

const isIn = ([x, y, z]: [number, number, number], { min, max }: Bbox): boolean =>
  x >= min[0] && x <= max[0] && y >= min[1] && y <= max[1] && z >= min[2] && z <= max[2];

/** Rows of all maps in one sampling order: each map's share of every beginning is its share of the whole. */
function* inSamplingOrder(shown: readonly Shown[]): Generator<{ of: Shown; index: number }> {
  const next = shown.map(() => 0);
  const shareOf = (at: number): number => ((next[at] ?? 0) + 0.5) / Math.max(1, shown[at]?.map.view.count ?? 0);
  for (;;) {
    const open = shown.map((_, at) => at).filter((at) => (next[at] ?? 0) < (shown[at]?.map.view.count ?? 0));
    if (open.length === 0) return;
    const at = open.reduce((best, other) => (shareOf(other) < shareOf(best) ? other : best));
    const of = shown[at] as Shown;
    yield { of, index: of.map.view.inOrder[next[at] ?? 0] ?? 0 };
    next[at] = (next[at] ?? 0) + 1;
  }
}

const pointOf = ({ map: { key, view }, live }: Shown, index: number): HazePoint => {
  const { order: _, seq: __, ...point }: SnapshotPoint = view.pointAt(index);
  const value = live.get(point.id)?.value;
  return { ...point, source_scope: key.scope, ...(value === undefined ? {} : { value: value as NonNullable<HazePoint['value']> | null }) };
};

const page = async (
  deps: ReadPointsDeps,
  maps: readonly OpenMap[],
  query: HazePointsQuery,
  binding: string,
  cursor: CursorPayload | undefined,
): Promise<HazePointsResponse> => {
  const shown = await Promise.all(
    maps.map(async (map): Promise<Shown> => {
      const reader = await deps.door.reader(map.key, map.pin, map.head);
      return { map, live: await deps.liveRows(map.key, map.pin, reader, { filter: query.filter, field: query.field }) };
    }),
  );
  if (query.filter === undefined) for (const each of shown) askWhenOutOfDate(deps, each);

  const limit = query.limit ?? limits.hazeFirstPoints;
  const from = cursor?.position ?? 0;
  const points: HazePoint[] = [];
  let position = -1;
  let next: number | undefined;
  for (const { of, index } of inSamplingOrder(shown)) {
    position += 1;
    if (position < from) continue;
    const { view } = of.map;
    if (of.live.get(view.idAt(index))?.seq !== view.seqAt(index)) continue;
    if (query.bbox !== undefined && !isIn(view.placeAt(index), query.bbox)) continue;
    if (points.length === limit) {
      next = position;
      break;
    }
    points.push(pointOf(of, index));
  }
  return { ...describeMaps(maps), points, next_cursor: next === undefined ? null : cursorAt(deps, maps, binding, cursor, next) };
};

/** Whoever looks at a map of little that is still there gets a new one the next time. */
const askWhenOutOfDate = ({ askForSnapshot }: ReadPointsDeps, { map: { key, view }, live }: Shown): void => {
  let alive = 0;
  for (let index = 0; index < view.count; index++) if (live.get(view.idAt(index))?.seq === view.seqAt(index)) alive += 1;
  const unseen = Math.max(0, live.size - view.meta.rows);
  if (isOutOfDate(view.count, alive, alive + unseen)) askForSnapshot(key);
};

const cursorAt = (
  { cursorKeys, nowMs }: ReadPointsDeps,
  maps: readonly OpenMap[],
  binding: string,
  cursor: CursorPayload | undefined,
  position: number,
): string =>
  sealCursor(
    {
      exp: cursor?.exp ?? cursorExpiry(nowMs()),
      bind: binding,
      pins: Object.fromEntries(maps.map(({ key, pin }) => [key.scope, pin])),
      position,
      given: givenDigest([]),
      state: { snapshots: snapshotNumbers(maps) },
    },
    cursorKeys,
  );
