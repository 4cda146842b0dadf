import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRunner } from '../../runner/create-runner.ts';
import type { Services } from '../../runner/services.ts';
import { NexusError } from '../../shared/errors.ts';
import { grantedFetch } from '../convergence/granted-fetch.ts';
import { type Answer, type RunningRunner, startRunner } from '../runner/running-runner.ts';
import { type Served, serve } from './serve.ts';

/** The event spine takes nothing, or not in time. */

let runner: RunningRunner;
let served: Served;
let publish: Services['events']['publish'];
beforeEach(async () => {
  runner = await startRunner();
  publish = runner.services.events.publish;
  served = await serve(createRunner({ ...runner.services, events: { publish: (event) => publish(event) } }));
});
afterEach(async () => {
  await served.close();
  await runner.stop();
});

const ingest = (key: string, text = 'words'): Promise<Answer> =>
  grantedFetch(served.origin, 'POST', '/nexus/spaces/spine/ingest', { documents: [{ id: 'd', text }] }, { headers: { 'idempotency-key': key } });
const hits = async (taskId: string): Promise<unknown[]> =>
  (await runner.call('POST', '/nexus/spaces/spine/query', { query: 'words', mode: 'text', after_task: taskId })).body.hits;

describe('while the spine takes no events', () => {
  const refuse = async (): Promise<void> => {
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  };

  test('an ingest is refused with 503 and a time to try again, and shows nothing of the cause', async () => {
    publish = refuse;
    const { status, body, headers } = await ingest('k1');
    expect([status, body.error.code, headers.get('retry-after')]).toEqual([503, 'nexus.upstream_unavailable', '1']);
    expect(JSON.stringify(body)).not.toContain('device');
  });

  test('nothing was accepted: the same request is accepted later, once, under the same key', async () => {
    const good = publish;
    publish = refuse;
    expect((await ingest('k2')).status).toBe(503);
    publish = good;
    const accepted = await ingest('k2');
    expect(accepted.status).toBe(202);
    expect(await ingest('k2')).toMatchObject({ status: 202, body: { task_id: accepted.body.task_id } });
    expect(await hits(accepted.body.task_id)).toHaveLength(1);
  });
});

test('a deletion that the spine does not take ends the life of nothing: what is written later stands beside what was there', async () => {
  await runner.ingest('kept', { documents: [{ id: 'before', text: 'words' }] });
  const good = publish;
  publish = async () => {
    throw new Error('unreachable');
  };
  expect((await grantedFetch(served.origin, 'DELETE', '/nexus/spaces/kept')).status).toBe(503);
  publish = good;
  await runner.ingest('kept', { documents: [{ id: 'after', text: 'words' }] });
  const { documents } = (await runner.call('GET', '/nexus/spaces/kept/documents')).body;
  expect(documents.map(({ doc_id }: { doc_id: string }) => doc_id).sort()).toEqual(['after', 'before']);
});

test('a deletion whose process died as soon as its event was durable is carried out, and begins the next life', async () => {
  await runner.ingest('gone', { documents: [{ id: 'before', text: 'words', metadata: { year: 1 } }] });
  const good = publish;
  publish = async (event) => {
    await good(event);
    throw new Error('the answer was lost');
  };
  expect((await grantedFetch(served.origin, 'DELETE', '/nexus/spaces/gone')).status).toBe(503);
  publish = good;
  const documents = async () => (await runner.call('GET', '/nexus/spaces/gone')).body.documents;
  await expect.poll(documents, { timeout: 30_000 }).toBe(0);
  const task = await runner.ingest('gone', { documents: [{ id: 'after', text: 'words', metadata: { year: 'two' } }] });
  expect([task.status, await documents()]).toEqual(['succeeded', 1]);
});

test('while nothing can be delivered, what was accepted waits, and is done once when it can', async () => {
  const { verifyPush } = runner.services;
  let refused = 0;
  runner.services.verifyPush = async () => {
    refused += 1;
    throw new NexusError('nexus.upstream_unavailable', 'The keys of the push issuer cannot be fetched.');
  };
  const accepted = await ingest('k5');
  expect(accepted.status).toBe(202);
  await expect.poll(() => refused, { timeout: 30_000 }).toBeGreaterThan(2);
  expect((await runner.call('GET', `/nexus/tasks/${accepted.body.task_id}`)).body).toMatchObject({ status: 'queued', attempts: 0 });
  runner.services.verifyPush = verifyPush;
  expect(await hits(accepted.body.task_id)).toHaveLength(1);
  expect((await runner.call('GET', `/nexus/tasks/${accepted.body.task_id}`)).body).toMatchObject({ status: 'succeeded', attempts: 1 });
});

test('an event that is published twice has its effect once', async () => {
  const good = publish;
  publish = async (event) => {
    await good(event);
    await good(event);
  };
  const accepted = await ingest('k3');
  expect(await hits(accepted.body.task_id)).toHaveLength(1);
  const { body } = await runner.call('GET', '/nexus/spaces/spine');
  expect([body.documents, body.chunks]).toEqual([1, 1]);
});

test('an event that was taken although the spine said no is done, and its repetition gives the same task', async () => {
  const good = publish;
  publish = async (event) => {
    await good(event);
    throw new Error('the answer was lost');
  };
  expect((await ingest('k4')).status).toBe(503);
  publish = good;
  const accepted = await ingest('k4');
  expect(accepted.status).toBe(202);
  expect(await hits(accepted.body.task_id)).toHaveLength(1);
});
