import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, Index, type Table } from '@lancedb/lancedb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { maintainTable } from '../../runner/adapters/lance/lance-maintenance.ts';
import { hasOutgrown, partitionsOf, partitionsSearched, vectorIndexName, vectorIndexRows } from '../../runner/adapters/lance/vector-index.ts';

const shape = { dimension: 2, metric: 'l2', fields: {}, language: null } as const;
const ago = new Date(0);

describe('the partitions of a vector index', () => {
  test('are all searched below 30,000 rows, so that a search stays exact', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 29_999 }), (rows) => partitionsOf(rows) <= partitionsSearched));
  });

  test('never fall as rows come, and a table outgrows them at twice as many', () => {
    const rows = fc.integer({ min: vectorIndexRows, max: 10_000_000 });
    fc.assert(
      fc.property(rows, rows, (built, now) => {
        const [fewer, more] = built < now ? [built, now] : [now, built];
        expect(partitionsOf(more)).toBeGreaterThanOrEqual(partitionsOf(fewer));
        expect(hasOutgrown(vectorIndexName(partitionsOf(fewer)), more)).toBe(partitionsOf(more) >= 2 * partitionsOf(fewer));
      }),
    );
  });

  test('of an index that does not say how many it has are too few', () => expect(hasOutgrown('vector_idx', vectorIndexRows)).toBe(true));
});

describe('maintenance', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-vector-index-'));
  let table: Table;
  const names = async (): Promise<string[]> => (await table.listIndices()).filter(({ columns }) => columns.includes('vector')).map(({ name }) => name);
  const rowsOf = (count: number) => Array.from({ length: count }, (_, row) => ({ doc_id: `d${row}`, words: 'w', vector: [row, row % 7] }));

  beforeAll(async () => {
    table = await (await connect(folder)).createTable('t', rowsOf(vectorIndexRows - 1));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('makes no vector index of few rows', async () => {
    await maintainTable(table, shape, ago, false);
    expect(await names()).toEqual([]);
  });

  test('makes one when there are enough, once', async () => {
    await table.add(rowsOf(1));
    await maintainTable(table, shape, ago, false);
    expect(await names()).toEqual([vectorIndexName(partitionsOf(vectorIndexRows))]);
    const version = await table.version();
    await maintainTable(table, shape, ago, false);
    expect([await names(), await table.version()]).toEqual([[vectorIndexName(partitionsOf(vectorIndexRows))], version]);
  });

  test('that died between the new index and the removal of the old one is made good by the next', async () => {
    const [known = ''] = await names();
    await table.createIndex('vector', { config: Index.ivfFlat({ distanceType: 'l2', numPartitions: 8 }), name: vectorIndexName(8) });
    expect(await names()).toHaveLength(2);
    expect((await maintainTable(table, shape, ago, false)).failures).toEqual([]);
    expect(await names()).toEqual([known]);
  });

  test('leaves no parts behind, and joins what was added one by one', async () => {
    for (let round = 0; round < 3; round++) {
      for (let more = 0; more < 3; more++) await table.add(rowsOf(20));
      expect((await maintainTable(table, shape, ago, false)).failures).toEqual([]);
      expect(await table.indexStats((await names())[0] ?? '')).toMatchObject({ numIndices: 1, numUnindexedRows: 0 });
      expect((await table.stats()).fragmentStats.numFragments).toBe(1);
    }
  });

  test('puts one of the right size in the place of one that was outgrown, and of one that bears another name', async () => {
    await table.add(rowsOf(5_000));
    for (const old of [vectorIndexName(1), 'vector_idx']) {
      for (const name of await names()) await table.dropIndex(name);
      await table.createIndex('vector', { config: Index.ivfFlat({ distanceType: 'l2', numPartitions: 1 }), name: old });
      expect((await maintainTable(table, shape, ago, false)).failures).toEqual([]);
      expect(await names()).toEqual([vectorIndexName(partitionsOf(await table.countRows()))]);
    }
  });
});
