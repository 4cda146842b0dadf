import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ChunkRow } from '../../runner/ports/vector-store.ts';
import { parseFilter } from '../../shared/filter.ts';
import { spaceKey } from '../../shared/space-key.ts';
import { caller, type RunningRunner, startRunner } from '../runner/running-runner.ts';

let runner: RunningRunner;
beforeEach(async () => {
  runner = await startRunner();
});
afterEach(() => runner.stop());

test('a filter takes the document that it finds, also when the write of it is delivered again into the same commit', async () => {
  const task = await runner.ingest('again', { documents: [{ id: 'a', text: 'one', metadata: { topic: 'red' } }] });
  const key = spaceKey(caller(), 'tenant', 'again');
  const { places, store, queue } = runner.services;
  const { table, records } = places.space(key);
  const [stored] = (await (await store.writer(table))?.storedDocuments(['a'])) ?? [];
  expect(stored?.task_id).toBe(task.task_id);
  if (stored === undefined) return;

  const row: ChunkRow = {
    ...{ id: 'a#0', ...stored, chunk: 0, type: 'document', text: 'one', words: 'one', vector: new Float32Array(384).fill(0.05) },
    ...{ metadata: '{"topic":"red"}', fields: { topic: 'red' }, source_uri: null, page: null, start: 0, end: 3, lead: '' },
  };
  const first = queue.submit(key, { kind: 'delete', seq: stored.seq + 1, task_id: 'task_00', epoch: 1, doc_ids: ['nobody'] });
  // Both wait while the first commits, and go into the next one together.
  const again = queue.submit(key, { kind: 'write', seq: stored.seq, task_id: stored.task_id, epoch: 1, documents: [{ doc_id: 'a', rows: [row] }] });
  const taken = queue.submit(key, { kind: 'delete_where', seq: stored.seq + 2, task_id: 'task_01', epoch: 1, filter: parseFilter({ topic: 'red' }) });
  const [, , { version, written }] = await Promise.all([first, again, taken]);

  expect(written).toBe(1);
  expect((await records.head.read())?.value.version).toBe(version);
  expect((await runner.call('GET', '/nexus/spaces/again/documents')).body.documents).toEqual([]);
});

test('a space whose first request is a deletion can be read and written by every process', async () => {
  const { body } = await runner.call('POST', '/nexus/spaces/empty/documents/delete', { doc_ids: ['a'] });
  const answer = await runner.call('POST', '/nexus/spaces/empty/query', { query: 'a', after_task: body.task_id });
  expect(answer.status).toBe(200);
  const other = await startRunner({ folder: runner.folder });
  try {
    expect((await other.call('GET', '/nexus/spaces/empty')).body).toMatchObject({ documents: 0, version: null });
    expect((await other.ingest('empty', { documents: [{ id: 'b', text: 'two' }] })).status).toBe('succeeded');
  } finally {
    await other.stop();
  }
});
