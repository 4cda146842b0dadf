import type { Table } from '@lancedb/lancedb';
import { LRUCache } from 'lru-cache';
import { readVersion, type VersionInMemory } from './version-in-memory.ts';

export interface MemoryBounds {
  /** Of all versions together. */
  bytes: number;
  /** One version takes at most so many: what is shown of rows is left out before their ids are. */
  bytesOfOne: number;
  /** A version that nobody asks goes after this. */
  idleMs: number;
}

/** A table opened at one version, and what is known of it. */
export interface OpenVersion {
  table: Table;
  rows: number;
  dimension: number;
  /** Each look at a file is a request to an object store. */
  isFar: boolean;
}

/** What memory holds of the version that one reader reads. */
export interface Remembered {
  /**
   * Called once for each list of a query; what is asked often is read beside it.
   * @returns undefined: ask the engine. A promise: it is being read and comes as soon as the list, or does not come
   */
  forList(): VersionInMemory | Promise<VersionInMemory | undefined> | undefined;
  /** The same, and counts nothing. */
  now(): VersionInMemory | undefined;
}

/** Lists before a version is read: one that is asked once or twice is not worth it, nor a large one that is asked a few times. */
const [leastLists, rowsForAList] = [3, 2_000];
/** An index of more would push others out of the engine's memory. */
const textIndexRowsMax = 200_000;

/**
 * What a warm query reads beside indexes. The engine keeps indexes in memory as they are used, but reads ids, and then rows, from the
 * data files each time: on an object store two requests, one behind the other. A version never changes, so what was read of
 * it stays right. It is known by the reader that read it, not by a name: no two spaces can meet here.
 * @returns what remembers one table at one version
 */
export const versionsInMemory = ({ bytes, bytesOfOne, idleMs }: MemoryBounds): ((open: OpenVersion) => Remembered) => {
  const known = new LRUCache<object, VersionInMemory>({
    maxSize: bytes,
    sizeCalculation: (version) => version.bytes,
    ttl: idleMs,
    ttlAutopurge: true,
    updateAgeOnGet: true,
  });
  // Beside queries one at a time: nobody waits for it, and many at once would be in everybody's way.
  let isReading = false;

  return ({ table, rows, dimension, isFar }) => {
    const key = {};
    // So little is read while the engine opens its indexes, in fewer requests than ids and rows would take after that.
    const isReadAtOnce = isFar && rows <= rowsForAList;
    let lists = 0;
    let isTooLarge = false;
    let hasTextIndex = rows > textIndexRowsMax;
    let coming: Promise<VersionInMemory | undefined> | undefined;

    const readNow = async (): Promise<VersionInMemory | undefined> => {
      const version = await readVersion(table, rows, dimension, bytesOfOne);
      if (version === undefined) isTooLarge = true;
      else known.set(key, version);
      return version;
    };
    const read = (): Promise<VersionInMemory | undefined> => {
      coming ??= readNow().finally(() => {
        coming = undefined;
      });
      return coming;
    };
    const loadTextIndex = async (): Promise<void> => {
      // Else each word that was not asked for before is a request or two.
      for (const { name, indexType } of await table.listIndices()) if (indexType === 'FTS') await table.prewarmIndex(name);
      hasTextIndex = true;
    };
    const readBeside = async (): Promise<void> => {
      isReading = true;
      lists = 0;
      try {
        if (!known.has(key) && !isTooLarge) await read();
        if (!hasTextIndex) await loadTextIndex();
      } catch {
        // What ails the store is told by the queries themselves, which go on without; it is tried again.
      } finally {
        isReading = false;
      }
    };

    return {
      forList() {
        const version = known.get(key);
        lists += 1;
        const isDue = lists >= leastLists && lists * rowsForAList >= rows;
        if (isDue && !isReading && !((version !== undefined || isTooLarge) && hasTextIndex)) void readBeside();
        if (version !== undefined || isTooLarge || !isReadAtOnce) return version;
        return read().catch(() => undefined);
      },
      now: () => known.get(key),
    };
  };
};
