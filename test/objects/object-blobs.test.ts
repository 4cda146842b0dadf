import { createHash } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { BlobNameError, type Blobs, ConditionsIgnoredError, StorageUnavailableError } from '../../runner/ports/blobs.ts';
import type { StorageVariables } from '../../runner/storage-settings.ts';
import { allFaults, isConditional, noFaults } from '../fakes/object-store/faults.ts';
import { type Door, objectStore, serveObjects } from '../fakes/object-store/serve.ts';
import { newPlace, s3Variables } from './fake-places.ts';

const doors: Door[] = [];
afterAll(async () => {
  for (const door of doors) await door.close();
});

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = async (blobs: Blobs, name: string): Promise<string> => new TextDecoder().decode(await blobs.getBytes(name));

const stores: [string, string, (url: string) => StorageVariables][] = [
  ['GCS', 'gs://bucket', (url) => ({ NEXUS_GCS_ENDPOINT: url })],
  ['S3', 's3://bucket', s3Variables],
];

describe.each(stores)('on %s', (_, uri, variables) => {
  let door: Door;
  let blobs: Blobs;
  const operations = (): string[] => door.log.entries.map(({ operation }) => operation);
  beforeEach(async () => {
    door = await serveObjects(objectStore(['bucket']));
    doors.push(door);
    ({ blobs } = await newPlace(variables(door.url), uri));
  });

  test('a conditional write whose answer is lost is told as what it was', async () => {
    door.next.push('dropAfter');
    expect(await blobs.putIfAbsent('a', bytesOf('mine'))).toBe(true);
    door.next.push('dropAfter');
    expect(await blobs.putIfAbsent('a', bytesOf('mine'))).toBe(false);
    expect(await textOf(blobs, 'a')).toBe('mine');
  });

  test('a store that says no to what it has written is not believed', async () => {
    expect(await blobs.putIfAbsent('first', bytesOf('x'))).toBe(true);
    for (const lie of ['deniedAfter', 'failedAfter'] as const) {
      door.next.push(lie);
      expect(await blobs.putIfAbsent(lie, bytesOf('mine'))).toBe(true);
      door.next.push(lie);
      expect(await blobs.putIfAbsent(lie, bytesOf('another'))).toBe(false);
      expect(await textOf(blobs, lie)).toBe('mine');
    }
  });

  test('a store that ignores conditions is found out before anything is written on one, and used as soon as it keeps them', async () => {
    door.faults = { ...noFaults, rate: 1, kinds: ['unconditional'], on: isConditional };
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(blobs.putIfAbsent('a', bytesOf('x'))).rejects.toBeInstanceOf(ConditionsIgnoredError);
      expect(await blobs.list('')).toEqual([]);
    }
    door.faults = noFaults;
    expect(await blobs.putIfAbsent('a', bytesOf('x'))).toBe(true);
    expect(await blobs.list('')).toEqual(['a']);
  });

  test('a request that meets one trouble after the other succeeds in the end', async () => {
    door.next.push('unavailable', 'throttled', 'dropBefore', 'dropAfter');
    await blobs.putBytes('a', bytesOf('through'));
    door.next.push('unavailable', 'throttled', 'dropBefore', 'dropAfter', 'cut');
    expect(await textOf(blobs, 'a')).toBe('through');
    door.next.push('unavailable', 'dropAfter');
    expect(await blobs.list('')).toEqual(['a']);
    door.next.push('dropAfter');
    await blobs.delete('a');
    expect(await blobs.exists('a')).toBe(false);
  });

  test('a store that does not answer is an error of its own, after a few tries', async () => {
    door.faults = { rate: 1, kinds: ['unavailable'], slowMs: 0, latencyMs: 0 };
    await expect(blobs.getBytes('a')).rejects.toBeInstanceOf(StorageUnavailableError);
    expect(operations().length).toBeGreaterThan(3);
    expect(operations().length).toBeLessThan(10);
  });

  test('what the store refuses for good is not asked again', async () => {
    const { blobs: elsewhere } = await newPlace(variables(door.url), uri.replace('bucket', 'no-such-bucket'));
    await expect(elsewhere.putBytes('a', bytesOf('x'))).rejects.not.toBeInstanceOf(StorageUnavailableError);
    expect(door.log.entries).toHaveLength(1);
  });

  test('a stream that breaks off goes on where it was', async () => {
    const long = '0123456789'.repeat(50_000);
    await blobs.putBytes('long', bytesOf(long));
    door.next.push('none', 'cut', 'dropAfter', 'cut', 'unavailable');
    const stream = await blobs.getStream('long', { start: 5, end: long.length - 6 });
    expect(await new Response(stream).text()).toBe(long.slice(5, -5));
    expect(door.next).toEqual([]);
  });

  test('large bytes arrive whole', async () => {
    const large = Buffer.alloc(9 * 1024 * 1024, 'nexus ');
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let from = 0; from < large.length; from += 1_000_000) yield large.subarray(from, from + 1_000_000);
    }
    const stored = await blobs.putByHash('folder', pieces());
    expect(stored).toEqual({ name: `folder/${stored.sha256}`, sha256: createHash('sha256').update(large).digest('hex'), bytes: large.length });
    expect(Buffer.from((await blobs.getBytes(stored.name)) ?? []).equals(large)).toBe(true);
  });

  test('a list of many is read page by page, in order, and no further than asked', async () => {
    const names = Array.from({ length: 1_205 }, (_, index) => String(index).padStart(5, '0'));
    for (let from = 0; from < names.length; from += 100)
      await Promise.all(names.slice(from, from + 100).map((name) => blobs.putBytes(`f/${name}`, bytesOf('x'))));
    door.log.clear();
    expect(await blobs.list('f')).toEqual(names);
    expect(operations()).toEqual(['list', 'list']);
    door.log.clear();
    expect(await blobs.list('f', { after: '00100', limit: 3 })).toEqual(['00101', '00102', '00103']);
    expect(operations()).toEqual(['list']);
  });

  test('each call is one request; a stream asks for its size first, and the first conditional write whether conditions are kept', async () => {
    const requestsOf = async (work: () => Promise<unknown>): Promise<string[]> => {
      door.log.clear();
      await work();
      return operations();
    };
    expect(await requestsOf(() => blobs.putBytes('a', bytesOf('x')))).toEqual(['put']);
    expect(await requestsOf(() => blobs.putIfAbsent('b', bytesOf('x')))).toEqual(['put', 'put', 'head', 'put']);
    expect(await requestsOf(() => blobs.putIfAbsent('c', bytesOf('x')))).toEqual(['put']);
    expect(await requestsOf(() => blobs.getBytes('a'))).toEqual(['get']);
    expect(await requestsOf(() => blobs.getBytes('none'))).toEqual(['get']);
    expect(await requestsOf(() => blobs.head('a'))).toEqual(['head']);
    expect(await requestsOf(() => blobs.list(''))).toEqual(['list']);
    expect(await requestsOf(() => blobs.delete('a'))).toEqual(['delete']);
    expect(await requestsOf(async () => new Response(await blobs.getStream('b')).text())).toEqual(['head', 'get']);
  });

  test('a name that with the root’s prefix is over 1,024 bytes is refused', async () => {
    const longest = 1_024 - 'place-000/'.length;
    await blobs.putBytes('a'.repeat(longest), bytesOf('x'));
    await expect(blobs.putBytes('a'.repeat(1_024), bytesOf('x'))).rejects.toBeInstanceOf(BlobNameError);
  });

  test('every kind of trouble that the fake knows is survived by a hundred writers at once, each name with one winner', async () => {
    door.faults = { rate: 0.2, kinds: allFaults, slowMs: 20, latencyMs: 0 };
    const won = await Promise.all(Array.from({ length: 100 }, (_, index) => blobs.putIfAbsent(`race/${index % 20}`, bytesOf(String(index)))));
    door.faults = { ...door.faults, rate: 0 };
    for (let place = 0; place < 20; place++) {
      const winners = won.flatMap((isWinner, index) => (isWinner && index % 20 === place ? [String(index)] : []));
      expect(winners).toEqual([await textOf(blobs, `race/${place}`)]);
    }
    expect(door.log.entries.filter(({ status }) => status === 0 || status === 429 || status === 503).length, 'there was trouble').toBeGreaterThan(0);
  });
});
