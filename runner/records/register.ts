import type { Blobs } from '../ports/blobs.ts';
import { ageMs, type Instant, instant } from './instant.ts';
import { DamagedRecordError } from './json-blob.ts';

/** The value of a register and the number it was written under. */
export interface Entry<T> {
  number: number;
  value: T;
}

/**
 * One value that many processes agree on: a folder of numbered records, each written once by put-if-absent. Who writes
 * number n + 1 has seen n; of two who try, one is told no. Works alike on disk and on every object store.
 */
export interface Register<T> {
  /** The newest entry, certainly: one small read when this process has seen the one before, else one list. */
  read(): Promise<Entry<T> | undefined>;
  /** What this process saw last, if that was at most `maxAgeMs` ago. Asks nobody. */
  remembered(maxAgeMs: number): { entry: Entry<T> | undefined } | undefined;
  /** Writes the value after the entry that was read. @returns false when somebody else was first */
  write(after: Entry<T> | undefined, value: T): Promise<boolean>;
  /** When the entry that was current at a time was written, Unix milliseconds; undefined when there was none or it is forgotten. */
  currentSince(timeMs: number): Promise<number | undefined>;
}

/** Names count down, so that a list in ascending order begins with the newest. */
const lastNumber = 999_999_999_999;
const nameOf = (number: number): string => `${String(lastNumber - number).padStart(12, '0')}.json`;
const numberOf = (name: string): number | undefined => (/^\d{12}\.json$/.test(name) ? lastNumber - Number(name.slice(0, 12)) : undefined);

/**
 * A reader that has looked within this time finds the next number where it must be: only what was superseded for far
 * longer is ever deleted. A reader that has not looked for so long lists again, or a deleted successor would look like none.
 */
const trustMs = 60_000;
const defaultKeepMs = 10 * trustMs;
const pruneEvery = 64;

export interface RegisterDeps<T> {
  blobs: Blobs;
  folder: string;
  /** @throws when the value is not one of this register */
  parse: (json: unknown) => T;
  nowMs: () => number;
  /** How long a superseded entry is kept, at least. */
  keepMs?: number;
}

interface Stored {
  /** Unix milliseconds of the writing, by the writer's clock. */
  at: number;
  value: unknown;
}

export const register = <T>({ blobs, folder, parse, nowMs, keepMs = defaultKeepMs }: RegisterDeps<T>): Register<T> => {
  let seen: { entry: Entry<T> | undefined; at: Instant } | undefined;

  const decoded = (bytes: Uint8Array): Stored => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Stored;

  const stored = async (name: string): Promise<Stored | undefined> => {
    const bytes = await blobs.getBytes(`${folder}/${name}`);
    return bytes === undefined ? undefined : decoded(bytes);
  };

  /** A record that cannot be fetched now is not damaged: whoever gives up on damage must not give up on that. */
  const at = async (number: number): Promise<Entry<T> | undefined> => {
    const bytes = await blobs.getBytes(`${folder}/${nameOf(number)}`);
    if (bytes === undefined) return undefined;
    try {
      return { number, value: parse(decoded(bytes).value) };
    } catch (cause) {
      throw new DamagedRecordError(`record ${folder}/${nameOf(number)} cannot be read`, { cause });
    }
  };

  /** Names that are not ours (a foreign file in the folder) are passed over. */
  const newestListed = async (): Promise<Entry<T> | undefined> => {
    const names = await blobs.list(folder);
    const newest = names.map(numberOf).find((number) => number !== undefined);
    return newest === undefined ? undefined : at(newest);
  };

  /** Follows the numbers upwards from an entry that was current a moment ago. */
  const follow = async (from: Entry<T>): Promise<Entry<T>> => {
    const next = await at(from.number + 1);
    return next === undefined ? from : follow(next);
  };

  /** Place of the newest name whose entry was written at or before a time, by binary search: names are in order of age, newest first. */
  const placeAt = async (names: readonly string[], timeMs: number, writtenMs: (name: string) => Promise<number | undefined>): Promise<number> => {
    let low = 0;
    let high = names.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = await writtenMs(names[middle] ?? '');
      if (at !== undefined && at > timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  const namesAfter = async (after?: string): Promise<string[]> =>
    (await blobs.list(folder, after === undefined ? {} : { after })).filter((name) => numberOf(name) !== undefined);

  const modifiedMs = async (name: string): Promise<number | undefined> => (await blobs.head(`${folder}/${name}`))?.modifiedMs;

  /** Deletes what was superseded long ago, by the store's own clock: one that is ahead here would delete what others still go by. */
  const prune = async (newest: number): Promise<void> => {
    if (newest % pruneEvery !== 0) return;
    const storesNowMs = await modifiedMs(nameOf(newest));
    if (storesNowMs === undefined) return;
    const old = await namesAfter(nameOf(newest));
    // The entry found was current until its successor was written, which is young: it stays.
    const kept = (await placeAt(old, storesNowMs - keepMs, modifiedMs)) + 1;
    await Promise.all(old.slice(kept).map((name) => blobs.delete(`${folder}/${name}`)));
  };

  /**
   * A process that slept between reading and writing may find its number free because its successors have come and the
   * first of them has been deleted again. Only one that read a moment ago can be sure without looking. A young successor
   * overtakes nobody: it was built on what was written just now.
   */
  const isOvertaken = async (after: Entry<T> | undefined, number: number, writtenAtMs: number): Promise<boolean> => {
    const isFresh = after !== undefined && seen?.entry?.number === after.number && ageMs(seen.at, instant(nowMs)) < trustMs;
    if (isFresh) return false;
    const newest = (await namesAfter())[0];
    if (newest === undefined || (numberOf(newest) ?? 0) <= number) return false;
    const successor = await stored(nameOf(number + 1));
    return successor === undefined || successor.at < writtenAtMs - keepMs / 2;
  };

  const see = (entry: Entry<T> | undefined, at: Instant): Entry<T> | undefined => {
    if (seen?.entry === undefined || (entry !== undefined && entry.number >= seen.entry.number)) seen = { entry, at };
    return seen?.entry;
  };

  return {
    async read() {
      const start = instant(nowMs);
      const trusted = seen?.entry !== undefined && ageMs(seen.at, start) < trustMs ? seen.entry : undefined;
      return see(trusted === undefined ? await newestListed() : await follow(trusted), start);
    },

    remembered(maxAgeMs) {
      return seen !== undefined && ageMs(seen.at, instant(nowMs)) <= maxAgeMs ? { entry: seen.entry } : undefined;
    },

    async write(after, value) {
      const start = instant(nowMs);
      const number = (after?.number ?? 0) + 1;
      const record: Stored = { at: start.wallMs, value };
      const name = `${folder}/${nameOf(number)}`;
      const written = await blobs.putIfAbsent(name, new TextEncoder().encode(JSON.stringify(record)));
      if (written && (await isOvertaken(after, number, start.wallMs))) {
        await blobs.delete(name);
        return false;
      }
      if (written) {
        see({ number, value }, start);
        await prune(number);
      }
      return written;
    },

    async currentSince(timeMs) {
      const names = await namesAfter();
      const name = names[await placeAt(names, timeMs, async (one) => (await stored(one))?.at)];
      return name === undefined ? undefined : (await stored(name))?.at;
    },
  };
};
