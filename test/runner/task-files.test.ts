import { expect, test } from 'vitest';
import { payloadRef, taskFolder } from '../../runner/records/task-files.ts';
import { taskRecords } from '../../runner/records/task-records.ts';
import { createPlaces } from '../../runner/store/spaces.ts';
import { noCounts, type Outcome, runTask } from '../../runner/tasks/run-task.ts';
import { buryRequest } from '../../runner/worker/dead-letter.ts';
import { INGEST_REQUESTED, type IngestRequest, taskEvent } from '../../shared/events.ts';
import { newId } from '../../shared/ids.ts';
import { registrySchema } from '../../shared/routes.ts';
import { memoryBlobs } from './memory-blobs.ts';
import { keyOf } from './store-instance.ts';

const space = keyOf('files');
const { scope: _, space_id: __, ...area } = space;
const nowMs = () => Date.UTC(2026, 4, 1);
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const done: Outcome = { status: 'succeeded', counts: noCounts, commit_version: 1, errors: [] };

/** A request whose payload is stored beside its space, and what a delivery of it leaves there. */
const accepted = async () => {
  const blobs = memoryBlobs();
  const routes = (['nexus_store', 'nexus_blob_store'] as const).map((kind) => ({
    ...{ id: kind, kind, match: {}, backend: kind === 'nexus_store' ? 'lancedb' : 'blob', root: '/nowhere' },
  }));
  const registry = registrySchema.parse({ routes });
  const places = createPlaces({ registry: () => registry, blobsAt: () => blobs, nowMs });
  const task = { epoch: 1, task_id: newId('task', nowMs()) };
  const request: IngestRequest = { ...task, space, requested_by: { ...area, subject: 'x' }, request_id: 'req_x', payload_ref: payloadRef(task) };
  const folder = taskFolder(space, task);
  await blobs.putBytes(`${folder}/request.json`, new TextEncoder().encode('{}'));
  return {
    tasks: taskRecords(blobs, area, nowMs),
    request,
    bury: () => buryRequest(places, nowMs, taskEvent({ type: INGEST_REQUESTED, data: request }, nowMs()) as never, 1, 'Tried too often.'),
    deliver: (work: Parameters<typeof runTask>[3]) => runTask({ places, nowMs, log: silent }, request, request.payload_ref, work),
    files: () => blobs.list(folder),
  };
};

test('a request that is given up while its last delivery is at work keeps its payload, for the replay', async () => {
  const { deliver, bury, files, tasks, request } = await accepted();
  await deliver(async () => {
    await bury();
    return done;
  });
  expect([await tasks.endedAs(request.task_id), await files()]).toEqual(['failed', ['request.json']]);
  // Nor does the same event, coming late, take it away.
  await deliver(() => Promise.reject(new Error('not run again')));
  expect(await files()).toEqual(['request.json']);
});

test('what a delivery that died at its very end has left goes with the next one', async () => {
  const { deliver, files, tasks, request } = await accepted();
  await tasks.finish(request.task_id, { ...done, attempts: 1, updated_at: new Date(nowMs()).toISOString() });
  expect(await files()).toEqual(['request.json']);
  await deliver(() => Promise.reject(new Error('not run again')));
  expect(await files()).toEqual([]);
});

test('of two deliveries at once, the one that ends last leaves nothing of what it kept', async () => {
  const { deliver, files } = await accepted();
  await deliver(async (run) => {
    await run.keep({ part: 1 });
    await deliver(async () => done);
    await run.keep({ part: 2 });
    return done;
  });
  expect(await files()).toEqual([]);
});
