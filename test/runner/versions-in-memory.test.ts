import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Table } from '@lancedb/lancedb';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { lanceReader } from '../../runner/adapters/lance/lance-reader.ts';
import { lanceVectorStore } from '../../runner/adapters/lance/lance-vector-store.ts';
import { readVersion } from '../../runner/adapters/lance/version-in-memory.ts';
import { type Remembered, versionsInMemory } from '../../runner/adapters/lance/versions-in-memory.ts';
import type { ChunkRow, TableWriter } from '../../runner/ports/vector-store.ts';
import { noTextQuery } from '../../runner/text/text-query.ts';
import { documentOf, memory } from './store-instance.ts';

const shape = { dimension: 2, metric: 'l2', fields: { n: 'number' }, language: 'en' } as const;
const folder = mkdtempSync(join(tmpdir(), 'nexus-in-memory-'));
const location = { uri: folder, name: 'docs' };
let writer: TableWriter;
let table: Table;

const rowsOf = (from: number, count: number): ChunkRow[] =>
  Array.from({ length: count }, (_, at): ChunkRow => {
    const index = from + at;
    const [row] = documentOf(`Ångström ${index} 🦉`, 1 + index, 1).rows as [ChunkRow];
    return {
      ...row,
      text: index % 5 === 0 ? null : `text ${index} ${'ä'.repeat(index % 40)}`,
      words: `common w${index % 20}`,
      vector: Float32Array.of(index, index % 9),
      metadata: index % 7 === 0 ? null : JSON.stringify({ n: index }),
      fields: index % 7 === 0 ? {} : { n: index },
      source_uri: index % 3 === 0 ? `nexus://f${index}` : null,
      page: index % 2 === 0 ? index : null,
    };
  });

beforeAll(async () => {
  const store = lanceVectorStore({ indexCacheBytes: 1e7, metadataCacheBytes: 1e7, maxReaders: 4, maxConnections: 4, maxSessionRows: 1e9, memory });
  await store.create(location, shape, rowsOf(0, 150));
  writer = (await store.writer(location)) as TableWriter;
  for (let part = 1; part < 5; part++) await writer.append(rowsOf(150 * part, 150), shape);
  await writer.deleteDocuments(Array.from({ length: 40 }, (_, index) => `Ångström ${index * 11} 🦉`));
  table = await (await connect(folder)).openTable('docs');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const never: Remembered = { forList: () => undefined, now: () => undefined };
const rows = 150 * 5 - 40;
const near = (rowsOfIt = rows) => ({ table, rows: rowsOfIt, isFar: false });
/** Lists until the version is in memory. */
const asked = async (remembered: Remembered): Promise<void> => {
  await vi.waitFor(() => expect(remembered.forList('text')).toBeDefined(), { timeout: 5_000, interval: 5 });
};
const some = { text: true, metadata: true, vector: false };

describe('a version in memory', () => {
  test('gives the lists and rows that the engine gives', async () => {
    const remembered = versionsInMemory(memory)(near());
    await asked(remembered);
    const warm = lanceReader(table, shape, remembered);
    const cold = lanceReader(table, shape, never);
    const ask = vi.spyOn(table, 'takeRowIds');
    for (const filter of [undefined, { op: 'gte', field: 'n', value: 300 } as never]) {
      for (const depth of [1, 128, 1_000]) {
        const ofVector = await cold.vectorSearch(Float32Array.of(33, 4), 'l2', depth, filter, 10_000);
        expect(await warm.vectorSearch(Float32Array.of(33, 4), 'l2', depth, filter, 10_000)).toEqual(ofVector);
        const query = { ...noTextQuery, any: ['w3', 'common'] };
        const ofText = await cold.textSearch(query, depth, filter, 10_000);
        expect(ofText.length).toBeGreaterThan(0);
        expect(await warm.textSearch(query, depth, filter, 10_000)).toEqual(ofText);

        const rowIds = ofVector.map(({ rowId }) => rowId).toReversed();
        for (const select of [
          some,
          { text: true, metadata: false, vector: false },
          { text: false, metadata: true, vector: false },
          { ...some, vector: true },
        ]) {
          const byRow = (rows: { rowId: bigint }[]) => new Map(rows.map(({ rowId, ...row }) => [rowId, row]));
          const fromFiles = byRow(await cold.rows(rowIds, select));
          ask.mockClear();
          expect(byRow(await warm.rows(rowIds, select))).toEqual(fromFiles);
          // Vectors are the engine's alone.
          expect(ask).toHaveBeenCalledTimes(select.vector ? 1 : 0);
        }
      }
    }
    ask.mockRestore();
  });

  test('says when it has not got a row, and the engine is asked', async () => {
    const version = await readVersion(table, rows, 1e7);
    expect(version?.idsOf([2n ** 60n])).toBeUndefined();
    expect(version?.rowsOf?.([2n ** 60n], some)).toBeUndefined();
    const strange: Remembered = { forList: () => version && { ...version, idsOf: () => undefined }, now: () => undefined };
    const list = (remembered: Remembered) => lanceReader(table, shape, remembered).vectorSearch(Float32Array.of(33, 4), 'l2', 5, undefined, 10_000);
    expect(await list(strange)).toEqual(await list(never));
  });

  test('leaves out what is shown where only the ids fit, and is none where not even they do', async () => {
    const whole = await readVersion(table, rows, 1e7);
    const ids = await readVersion(table, rows, (whole?.bytes ?? 0) * 0.8);
    expect([whole?.rowsOf === undefined, ids?.rowsOf === undefined]).toEqual([false, true]);
    expect(ids?.bytes).toBeLessThan((whole?.bytes ?? 0) * 0.8);
    expect(await readVersion(table, rows, 1_000)).toBeUndefined();
  });

  test('of a table without rows is one as well', async () => {
    const empty = await (await connect(folder)).createEmptyTable('empty', await table.schema());
    await asked(versionsInMemory(memory)({ table: empty, rows: 0, isFar: false }));
  });
});

describe('what is remembered', () => {
  test('is read after a few lists, and beside them', async () => {
    const remembered = versionsInMemory(memory)(near());
    expect([remembered.forList('text'), remembered.forList('text'), remembered.now()]).toEqual([undefined, undefined, undefined]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(remembered.now()).toBeUndefined();
    expect(remembered.forList('text')).toBeUndefined();
    await vi.waitFor(() => expect(remembered.now()).toBeDefined());
  });

  test('is read of a large table after the more lists', async () => {
    const remembered = versionsInMemory(memory)(near(20_000));
    for (let list = 1; list < 10; list++) {
      expect(remembered.forList('text')).toBeUndefined();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(remembered.now()).toBeUndefined();
    remembered.forList('text');
    await vi.waitFor(() => expect(remembered.now()).toBeDefined());
  });

  test('is read of a small table on an object store with its first list, once for all lists that come meanwhile', async () => {
    const query = vi.spyOn(table, 'query');
    const remembered = versionsInMemory(memory)({ ...near(), isFar: true });
    const [one, other] = [remembered.forList('vector'), remembered.forList('text')];
    expect(one).toBeInstanceOf(Promise);
    expect(await one).toBe(await other);
    // A sample, and all of it.
    expect(query).toHaveBeenCalledTimes(2);
    expect(remembered.forList('text')).toBe(await one);
    query.mockRestore();
    expect(versionsInMemory(memory)({ ...near(20_000), isFar: true }).forList('text')).toBeUndefined();
  });

  test('is read with the first list of a few tables at once, not of many', async () => {
    const remember = versionsInMemory(memory);
    const coming = Array.from({ length: 10 }, () => remember({ ...near(), isFar: true }).forList('vector'));
    expect(coming.map((one) => one instanceof Promise)).toEqual([true, true, true, true, false, false, false, false, false, false]);
    await Promise.all(coming);
    expect(remember({ ...near(), isFar: true }).forList('vector')).toBeInstanceOf(Promise);
  });

  test('is waited for no longer than the list has time', async () => {
    const remembered: Remembered = { forList: () => new Promise(() => undefined), now: () => undefined };
    const reader = lanceReader(table, shape, remembered);
    const startedMs = performance.now();
    const list = reader.vectorSearch(Float32Array.of(33, 4), 'l2', 5, undefined, 300);
    await list.catch(() => undefined);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  test.each([true, false])('is done without when the store fails (an object store: %s), and tried again', async (isFar) => {
    const remembered = versionsInMemory(memory)({ ...near(), isFar });
    const query = vi.spyOn(table, 'query').mockImplementation(() => {
      throw new Error('injected');
    });
    for (let list = 0; list < 3; list++) expect(await remembered.forList('text')).toBeUndefined();
    await vi.waitFor(() => expect(query).toHaveBeenCalled());
    query.mockRestore();
    await asked(remembered);
  });

  test('has its text index loaded when texts are asked for, and tried but once', async () => {
    // A handle of its own: what tests before this one asked for may still be loading.
    const own = await (await connect(folder)).openTable('docs');
    const prewarm = vi.spyOn(own, 'prewarmIndex').mockRejectedValue(new Error('injected'));
    const remembered = versionsInMemory(memory)({ ...near(), table: own });
    for (let list = 0; list < 10; list++) {
      remembered.forList('vector');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await vi.waitFor(() => expect(remembered.now()).toBeDefined());
    expect(prewarm).not.toHaveBeenCalled();
    for (let list = 0; list < 20; list++) {
      remembered.forList('text');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(prewarm).toHaveBeenCalledOnce();
  });

  test('is of one reader and its version alone', async () => {
    const remember = versionsInMemory(memory);
    const [one, other] = [remember(near()), remember(near())];
    await asked(one);
    expect(other.now()).toBeUndefined();
  });

  test('goes when nobody asks', async () => {
    const remembered = versionsInMemory({ ...memory, idleMs: 100 })(near());
    await asked(remembered);
    await vi.waitFor(() => expect(remembered.now()).toBeUndefined(), { timeout: 5_000, interval: 300 });
  });

  test('of many versions stays within its bytes: the ones that were asked last', async () => {
    const { bytes = 0 } = (await readVersion(table, rows, 1e7)) ?? {};
    const remember = versionsInMemory({ ...memory, bytes: Math.floor(bytes * 2.5) });
    const all = Array.from({ length: 4 }, () => remember(near()));
    for (const one of all) await asked(one);
    expect(all.map((one) => one.now() !== undefined)).toEqual([false, false, true, true]);
  });
});
