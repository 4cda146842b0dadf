import { expect, test } from 'vitest';
import { acceptDeleteSpace } from '../../runner/deletes/accept-delete.ts';
import { beginLife } from '../../runner/deletes/begin-life.ts';
import { createPlaces } from '../../runner/store/spaces.ts';
import type { DeleteRequest, NexusEvent } from '../../shared/events.ts';
import { registrySchema } from '../../shared/routes.ts';
import { memoryBlobs } from './memory-blobs.ts';
import { caller } from './running-runner.ts';
import { keyOf } from './store-instance.ts';

const space = keyOf('twice');
const context = caller(space);
const nowMs = () => Date.UTC(2026, 4, 1);
const call = { endpoint: 'deleteSpace', fingerprint: 'f', requestId: 'req_x', idempotencyKey: 'k' };

/** A runner whose spine takes every event and says so from the second one on. */
const deletions = () => {
  const blobs = memoryBlobs();
  const routes = (['nexus_store', 'nexus_blob_store'] as const).map((kind) => ({
    ...{ id: kind, kind, match: {}, backend: kind === 'nexus_store' ? 'lancedb' : 'blob', root: '/nowhere' },
  }));
  const registry = registrySchema.parse({ routes });
  const places = createPlaces({ registry: () => registry, blobsAt: () => blobs, nowMs });
  const published: DeleteRequest[] = [];
  const events = {
    publish: async ({ data }: NexusEvent) => {
      published.push(data as DeleteRequest);
      if (published.length === 1) throw new Error('the answer is lost');
    },
  };
  const { records } = places.space(space);
  return {
    published,
    records,
    accept: () => acceptDeleteSpace({ places, events, nowMs }, context, space.space_id, undefined, call),
    /** What the worker does first with the event. */
    begin: ({ epoch, task_id }: DeleteRequest) => beginLife(records, { epoch, begunAt: new Date(nowMs()).toISOString(), taskId: task_id }),
  };
};

test('a deletion whose answer was lost, and that was carried out, is repeated with its key: what was accepted since stays', async () => {
  const { published, records, accept, begin } = deletions();
  await expect(accept()).rejects.toMatchObject({ code: 'nexus.upstream_unavailable' });
  await begin(published[0] as DeleteRequest);
  // Somebody else's documents, accepted into the life that has begun, settle its model.
  const begun = await records.settings.read();
  if (begun === undefined) throw new Error('no life has begun');
  await records.settings.write(begun, { ...begun.value, embedding_model: 'external@2', dimension: 2 });

  const { task_id } = await accept();
  expect(published.map(({ task_id: id, epoch }) => ({ id, epoch }))).toEqual([
    { id: task_id, epoch: 2 },
    { id: task_id, epoch: 2 },
  ]);
  expect((await records.settings.read())?.value).toMatchObject({ epoch: 2, embedding_model: 'external@2' });
});

test('another deletion begins another life', async () => {
  const { published, accept, begin, records } = deletions();
  await expect(accept()).rejects.toThrow();
  await begin({ ...(published[0] as DeleteRequest), task_id: 'task_of_another' });
  await accept();
  expect((await records.settings.read())?.value.epoch).toBe(3);
});
