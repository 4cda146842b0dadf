import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lanceVectorStore } from '../../runner/adapters/lance/lance-vector-store.ts';
import type { ChunkRow, TableShape } from '../../runner/ports/vector-store.ts';
import { memory } from './store-instance.ts';

const shape: TableShape = { dimension: 2, metric: 'cosine', language: 'en', fields: {} };
const row = (id: string): ChunkRow => ({
  id: `${id}#0`,
  doc_id: id,
  chunk: 0,
  seq: 1,
  task_id: 'task_1',
  type: 'document',
  text: `words of ${id}`,
  words: `words of ${id}`,
  vector: Float32Array.of(1, 0),
  metadata: null,
  fields: {},
  source_uri: null,
  page: null,
  start: 0,
  end: 10,
  lead: '',
});

/** Files that hold rows, words or vectors. */
const contentFiles = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\/(data|_indices|_deletions)(\/|$)/.test(entry.parentPath))
    .map((entry) => join(entry.parentPath, entry.name));

test('after erasing and pruning no file is left that held a deleted document, however few of the rows it was', async () => {
  const uri = mkdtempSync(join(tmpdir(), 'nexus-erase-'));
  onTestFinished(() => rmSync(uri, { recursive: true, force: true }));
  const store = lanceVectorStore({ indexCacheBytes: 1e7, metadataCacheBytes: 1e7, maxReaders: 8, maxConnections: 8, maxSessionRows: 1e9, memory });
  const table = { uri, name: 'docs' };
  await store.create(
    table,
    shape,
    Array.from({ length: 200 }, (_, index) => row(`doc-${index}`)),
  );
  const writer = await store.writer(table);
  if (writer === undefined) throw new Error('there is no table');
  const withTheDocument = contentFiles(uri);
  expect(withTheDocument.length).toBeGreaterThan(1);

  await writer.deleteDocuments(['doc-7']);
  const digest = await writer.contentDigest();
  const erased = await writer.maintain(shape, new Date(0), true);
  expect(erased.failures).toEqual([]);
  const pruned = await writer.maintain(shape, new Date(Date.now() + 60_000), false);
  expect(pruned.failures).toEqual([]);

  expect(await writer.contentDigest()).toBe(digest);
  expect(contentFiles(uri).filter((file) => withTheDocument.includes(file))).toEqual([]);
  expect(contentFiles(uri).filter((file) => file.includes('_deletions'))).toEqual([]);
});
