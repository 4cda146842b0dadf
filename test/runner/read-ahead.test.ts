import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LiveHead } from '../../runner/records/space-records.ts';
import type { Door } from '../../runner/store/door.ts';
import { readAhead } from '../../runner/store/read-ahead.ts';
import { keyOf, type StoreInstance, settle, storeInstance, submit, write } from './store-instance.ts';

const key = keyOf('s');
let folder: string;
let reading: StoreInstance;
let writing: StoreInstance;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nexus-ahead-'));
  [reading, writing] = [storeInstance(folder, 'reading'), storeInstance(folder, 'writing')];
  await settle(writing, key);
  await submit(writing, key, write('a', 1, 1));
  await opened(key);
});
/** As after a query: its head is remembered and its data open. */
const opened = async (space: typeof key): Promise<void> => {
  const head = await reading.door.head(space);
  if (head === undefined) throw new Error('there is a head');
  await reading.door.reader(space, head, head);
};
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** From now on a look at the head takes a while, as on an object store. */
const slow = (instance: StoreInstance): void => {
  const { head } = instance.places.space(key).records;
  const { read } = head;
  vi.spyOn(head, 'read').mockImplementation(async () => {
    const found = await read();
    await sleep(50);
    return found;
  });
};
const versionsSeen: number[] = [];
const seqOf = async (headOf: (of: typeof key) => Promise<LiveHead | undefined>): Promise<number> => {
  const head = await headOf(key);
  versionsSeen.push(head?.version ?? 0);
  return head?.seq ?? 0;
};
beforeEach(() => void versionsSeen.splice(0));

describe('a read ahead', () => {
  test('begins before the store has said which head is the newest, and stands when it is this', async () => {
    slow(reading);
    let tookMs = 0;
    const startedMs = performance.now();
    const waited = vi.fn();
    const read = async (headOf: Parameters<typeof seqOf>[0]) => {
      await seqOf(headOf);
      tookMs = performance.now() - startedMs;
    };
    await readAhead(reading.door, [key], read, waited);
    expect(waited).toHaveBeenCalledExactlyOnceWith(expect.any(Number));
    expect(tookMs).toBeLessThan(40);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(49);
    expect(versionsSeen).toHaveLength(1);
  });

  test('is done again when somebody has published since', async () => {
    await submit(writing, key, write('b', 2, 1));
    slow(reading);
    expect(await readAhead(reading.door, [key], seqOf)).toBe(2);
    expect(versionsSeen).toHaveLength(2);
  });

  test('that fails at an old head says nothing of it', async () => {
    await submit(writing, key, write('b', 2, 1));
    slow(reading);
    const read = async (headOf: Parameters<typeof seqOf>[0]) => {
      if ((await seqOf(headOf)) === 1) throw new Error('of an old head');
      return 'read again';
    };
    expect(await readAhead(reading.door, [key], read)).toBe('read again');
  });

  test('that fails at the newest head fails', async () => {
    slow(reading);
    await expect(readAhead(reading.door, [key], () => Promise.reject(new Error('of the newest')))).rejects.toThrow('of the newest');
  });

  test('does not answer when the store does not say which is the newest', async () => {
    const { head } = reading.places.space(key).records;
    vi.spyOn(head, 'read').mockImplementation(async () => {
      await sleep(20);
      throw new Error('the store is away');
    });
    await expect(readAhead(reading.door, [key], seqOf)).rejects.toThrow('the store is away');
    // Nor does it leave a failure behind that nobody takes, when the read takes longer than the question.
    await expect(readAhead(reading.door, [key], () => sleep(60))).rejects.toThrow('the store is away');
  });

  test('of several spaces is done again when one of them has moved on', async () => {
    const other = keyOf('other');
    await settle(writing, other);
    await submit(writing, other, write('x', 1, 1));
    await opened(other);
    await submit(writing, key, write('b', 2, 1));
    slow(reading);
    const seqs = await readAhead(reading.door, [other, key], async (headOf) => [(await headOf(other))?.seq, (await headOf(key))?.seq]);
    expect(seqs).toEqual([1, 2]);
  });

  test('of a space that is not there finds the one that came', async () => {
    const born = keyOf('born');
    expect(await reading.door.head(born)).toBeUndefined();
    await settle(writing, born);
    await submit(writing, born, write('x', 7, 1));
    expect(await readAhead(reading.door, [born], async (headOf) => (await headOf(born))?.seq)).toBe(7);
  });

  test('is not done where the data of the remembered head is not open: the newest is read at once', async () => {
    await submit(writing, key, write('b', 2, 1));
    const head = await reading.door.head(key);
    await submit(writing, key, write('c', 3, 1));
    slow(reading);
    expect(await readAhead(reading.door, [key], seqOf)).toBe(3);
    expect([head?.seq, versionsSeen]).toEqual([2, [expect.any(Number)]]);
  });

  test('is not done where the store answers at once: the head is the newest, and is read once', async () => {
    await submit(writing, key, write('b', 2, 1));
    const read = vi.fn(seqOf);
    const door: Door = { ...reading.door, glimpse: async (of) => ({ head: await reading.door.head(of), isNewest: true }) };
    const waited = vi.fn();
    expect(await readAhead(door, [key], read, waited)).toBe(2);
    expect(read).toHaveBeenCalledOnce();
    expect(waited).not.toHaveBeenCalled();
  });
});
