import type { CursorPayload, Pin } from '../../shared/cursor.ts';
import { cursorInvalid } from '../../shared/errors.ts';
import type { HazeCluster, HazeSnapshot } from '../../shared/http/haze.ts';
import type { SpaceKey } from '../../shared/space-key.ts';
import type { LiveHead } from '../records/space-records.ts';
import type { Door } from '../store/door.ts';
import type { SnapshotView } from './snapshot-file.ts';
import type { Snapshots, StoredSnapshot } from './snapshots.ts';

/** One space's map beside what the space holds now, or held when a walk began. */
export interface OpenMap {
  key: SpaceKey;
  head: LiveHead;
  pin: Pin;
  stored: StoredSnapshot;
  view: SnapshotView;
}

/** A space that has data; without a map, or with one of an earlier life, it cannot be shown yet. */
export interface OpenSpace {
  key: SpaceKey;
  head: LiveHead;
  map: OpenMap | undefined;
}

/**
 * Opens the maps of some spaces; spaces without data are left out.
 * @param cursor of a later page: exactly its versions and its snapshots are opened
 * @throws NexusError 410 when they are gone
 */
export const openMaps = async (
  { door, snapshots }: { door: Door; snapshots: Snapshots },
  keys: readonly SpaceKey[],
  cursor: CursorPayload | undefined,
): Promise<OpenSpace[]> => {
  const opened = await Promise.all(
    keys.map(async (key): Promise<OpenSpace | undefined> => {
      const pinned = cursor?.pins[key.scope];
      if (cursor !== undefined && pinned == null) return undefined;
      const head = await door.head(key);
      if (pinned != null && (head?.incarnation !== pinned.incarnation || head.version < pinned.version)) throw cursorInvalid();
      if (head === undefined) return undefined;
      const stored = await snapshots.newest(key);
      if (cursor !== undefined && stored?.number !== snapshotIn(cursor, key)) throw cursorInvalid();
      if (stored === undefined || stored.value.incarnation !== head.incarnation) return { key, head, map: undefined };
      const view = await snapshots.open(key, stored);
      if (view === undefined) return { key, head, map: undefined };
      return { key, head, map: { key, head, pin: pinned ?? { incarnation: head.incarnation, version: head.version }, stored, view } };
    }),
  );
  return opened.filter((space) => space !== undefined);
};

/** Of a cursor's state: the snapshot that the walk goes through. */
const snapshotIn = (cursor: CursorPayload, { scope }: SpaceKey): unknown => (cursor.state?.snapshots as Record<string, unknown> | undefined)?.[scope];

export const snapshotNumbers = (maps: readonly OpenMap[]): Record<string, number> =>
  Object.fromEntries(maps.map(({ key, stored }) => [key.scope, stored.number]));

export const describeMap = ({ key, head, stored, view }: OpenMap): HazeSnapshot => ({
  source_scope: key.scope,
  version: stored.number,
  created_at: view.meta.created_at,
  method: view.meta.method,
  explained: view.meta.explained,
  points: view.count,
  rows: view.meta.rows,
  space_version: stored.value.space_version,
  stale: stored.value.seq !== head.seq,
});

export const clustersOf = ({ key, view }: OpenMap): HazeCluster[] =>
  view.meta.clusters.map((cluster, index) => ({ source_scope: key.scope, cluster: index, ...cluster }));

export const describeMaps = (maps: readonly OpenMap[]) => {
  const snapshots = maps.map(describeMap);
  return { snapshot: snapshots[0] ?? null, snapshots, clusters: maps.flatMap(clustersOf) };
};
