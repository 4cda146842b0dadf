import { LRUCache } from 'lru-cache';
import { type BlobRoute, NEXUS_BLOB_STORE, NEXUS_STORE, type Registry, requireRoute } from '../../shared/routes.ts';
import { type Area, type SpaceKey, spaceKeyText } from '../../shared/space-key.ts';
import type { Blobs } from '../ports/blobs.ts';
import type { TableLocation } from '../ports/vector-store.ts';
import { type SpaceRecords, spaceRecords } from '../records/space-records.ts';

/** One space's place: its records, and where its table lies. */
export interface SpacePlace {
  readonly records: SpaceRecords;
  readonly table: TableLocation;
  /** Where its raw measurements lie. */
  readonly measurementsTable: TableLocation;
}

/** Where things lie by the routing registry, looked up anew each time. */
export interface Places {
  /** @throws NexusError 503 `nexus_store.missing_route` */
  space(key: SpaceKey): SpacePlace;
  /** The blobs beside the tables: records. @throws NexusError 503 */
  storeBlobs(area: Area): Blobs;
  /** Uploads, payloads, tasks. @throws NexusError 503 `nexus_blob_store.missing_route` */
  blobs(area: Area): Blobs;
  /** @throws NexusError 503 `nexus_blob_store.missing_route` */
  blobRoute(area: Area): BlobRoute;
}

export interface PlacesDeps {
  registry: () => Registry;
  /** An adapter for a root, the same one each time. */
  blobsAt: (root: string) => Blobs;
  nowMs: () => number;
}

/**
 * What a process remembers of spaces' records: some 16 kilobytes each, as measured under the loader that a runner starts
 * with, and nearly as much for a name that no space has. The price of forgetting is one list, which a register that was
 * not looked at for a minute costs anyway.
 */
const rememberedSpaces = 4_000;

export const createPlaces = ({ registry, blobsAt, nowMs }: PlacesDeps): Places => {
  const known = new LRUCache<string, SpacePlace>({ max: rememberedSpaces });
  const storeRoot = (area: Area): string => requireRoute(registry(), NEXUS_STORE, area).root;
  const blobRoute = (area: Area): BlobRoute => requireRoute(registry(), NEXUS_BLOB_STORE, area);

  return {
    space(key) {
      const root = storeRoot(key);
      const id = `${root} ${spaceKeyText(key)}`;
      const found = known.get(id);
      if (found !== undefined) return found;
      const blobs = blobsAt(root);
      const records = spaceRecords(blobs, key, nowMs);
      const uri = blobs.resolveUri(records.place.tables);
      const place = { records, table: { uri, name: records.place.tableName }, measurementsTable: { uri, name: records.place.measurementsName } };
      known.set(id, place);
      return place;
    },
    storeBlobs: (area) => blobsAt(storeRoot(area)),
    blobs: (area) => blobsAt(blobRoute(area).root),
    blobRoute,
  };
};
