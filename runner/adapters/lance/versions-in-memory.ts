import type { Table } from '@lancedb/lancedb';
import { LRUCache } from 'lru-cache';
import { textIndexRows } from './text-index.ts';
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
  /** Each look at a file is a request to an object store. */
  isFar: boolean;
}

/** What memory holds of the version that one reader reads. */
export interface Remembered {
  /**
   * Called once for each list of a query; what is asked often is read beside it.
   * @returns undefined: ask the engine. A promise, which never fails: it is being read and comes about as soon as the list, or does not come
   */
  forList(kind: 'vector' | 'text'): VersionInMemory | Promise<VersionInMemory | undefined> | undefined;
  /** The same, and counts nothing. */
  now(): VersionInMemory | undefined;
}

/** Lists before a version is read: one that is asked once or twice is not worth it, nor a large one that is asked a few times. */
const [leastLists, rowsForAList] = [3, 2_000];
const isWorthIt = (lists: number, rows: number): boolean => lists >= leastLists && lists * rowsForAList >= rows;
/** What the first query waits for is little, and so is what all first queries together hold that nobody has weighed yet. */
const [atOnceRows, atOnceBytes, atOnceVersions] = [2_000, 2 * 1024 * 1024, 4];
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
  let isReadingBeside = false;
  let readingAtOnce = 0;

  return ({ table, rows, isFar }) => {
    const key = {};
    const lists = { vector: 0, text: 0 };
    let isNew = true;
    let isTooLarge = false;
    /** As much of it as fits has been read, if only the ids. */
    let isAllThatFits = false;
    let hasTextIndex = rows < textIndexRows || rows > textIndexRowsMax;
    let coming: Promise<VersionInMemory | undefined> | undefined;

    const read = async (bytesMax: number): Promise<VersionInMemory | undefined> => {
      const version = await readVersion(table, rows, bytesMax);
      if (version !== undefined) known.set(key, version);
      return version;
    };
    // So little is read while the engine opens its indexes, in hardly more requests than ids and rows would take after that.
    const readAtOnce = async (): Promise<VersionInMemory | undefined> => {
      readingAtOnce += 1;
      try {
        return await read(atOnceBytes);
      } catch {
        return undefined;
      } finally {
        readingAtOnce -= 1;
        coming = undefined;
      }
    };
    const loadTextIndex = async (): Promise<void> => {
      // Tried once: without it, each word that was not asked for before is a request or two.
      hasTextIndex = true;
      for (const { name, indexType } of await table.listIndices()) if (indexType === 'FTS') await table.prewarmIndex(name);
    };
    const readBeside = async (wantsVersion: boolean, wantsTextIndex: boolean): Promise<void> => {
      isReadingBeside = true;
      lists.vector = 0;
      lists.text = 0;
      try {
        await coming;
        if (wantsVersion) {
          isTooLarge = (await read(bytesOfOne)) === undefined;
          isAllThatFits = true;
        }
        if (wantsTextIndex) await loadTextIndex();
      } catch {
        // What ails the store is told by the queries themselves, which go on without; it is tried again.
      } finally {
        isReadingBeside = false;
      }
    };

    return {
      forList(kind) {
        lists[kind] += 1;
        const version = known.get(key);
        const isMissing = version === undefined || (version.rowsOf === undefined && !isAllThatFits);
        const wantsVersion = isMissing && !isTooLarge && isWorthIt(lists.vector + lists.text, rows);
        const wantsTextIndex = !hasTextIndex && isWorthIt(lists.text, rows);
        if (!isReadingBeside && (wantsVersion || wantsTextIndex)) void readBeside(wantsVersion, wantsTextIndex);
        if (isNew && isFar && rows <= atOnceRows && readingAtOnce < atOnceVersions) coming = readAtOnce();
        isNew = false;
        return version ?? coming;
      },
      now: () => known.get(key),
    };
  };
};
