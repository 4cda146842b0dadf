import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lanceConnections } from '../../runner/adapters/lance/lance-connections.ts';
import { lanceVectorStore } from '../../runner/adapters/lance/lance-vector-store.ts';
import { documentOf, memory } from './store-instance.ts';

const shape = { dimension: 2, metric: 'cosine', fields: {}, language: 'en' } as const;
const caches = { indexCacheBytes: 1e7, metadataCacheBytes: 1e7, maxConnections: 8 };

const temporaryFolder = (): string => {
  const uri = mkdtempSync(join(tmpdir(), 'nexus-connections-'));
  onTestFinished(() => rmSync(uri, { recursive: true, force: true }));
  return uri;
};

test('a folder has one connection until tables of so many rows have been opened; then a new session begins', async () => {
  const uri = temporaryFolder();
  const connections = lanceConnections({ ...caches, maxSessionRows: 10_000 });
  const first = await connections.to(uri);
  expect(connections.opened(6_000)).toBe(false);
  expect(connections.opened(4_000)).toBe(false);
  expect(await connections.to(uri)).toBe(first);
  expect(connections.opened(1)).toBe(true);
  expect(await connections.to(uri)).not.toBe(first);
  expect(connections.opened(9_000)).toBe(false);
});

test('small tables count as well, and one that is huge ends no session alone', () => {
  const connections = lanceConnections({ ...caches, maxSessionRows: 250_000 });
  expect(connections.opened(1e9)).toBe(false);
  expect(connections.opened(1e9)).toBe(false);
  const small = lanceConnections({ ...caches, maxSessionRows: 25_000 });
  expect(Array.from({ length: 11 }, () => small.opened(0)).indexOf(true)).toBe(10);
});

test('readers and writers do the same when every table they open begins a new session', async () => {
  const table = { uri: temporaryFolder(), name: 'docs' };
  const store = lanceVectorStore({ ...caches, maxReaders: 8, maxSessionRows: 1, memory });
  const version = await store.create(table, shape, documentOf('a', 1, 2).rows);
  const old = await store.reader(table, { incarnation: 'inc_1', version }, shape);
  for (let round = 0; round < 5; round++) {
    const writer = await store.writer(table);
    expect(await writer?.version()).toBe(version);
    const reader = await store.reader(table, { incarnation: 'inc_1', version }, shape);
    expect((await reader.document('a'))?.chunks).toBe(2);
  }
  // Who holds a handle of a session that has ended reads on with it.
  expect((await old.document('a'))?.chunks).toBe(2);
});
