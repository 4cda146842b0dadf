import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '../../shared/ids.ts';
import { type RunningRunner, startRunner } from './running-runner.ts';

let runner: RunningRunner;
afterEach(() => runner.stop());

const put = async (space: string, name: string): Promise<void> => {
  const bytes = new TextEncoder().encode(`Text of ${name}.`);
  expect((await runner.call('PUT', `/nexus/spaces/${space}/blobs/${name}`, bytes, { headers: { 'content-type': 'text/plain' } })).status).toBe(200);
};
const ended = async (taskId: string): Promise<string> => {
  for (;;) {
    const { status } = (await runner.call('GET', `/nexus/tasks/${taskId}`)).body;
    if (['succeeded', 'partial', 'failed'].includes(status)) return status;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
/** So that what follows is of another millisecond than what came before. */
const nextMillisecond = async (): Promise<void> => {
  for (const ms = Date.now(); Date.now() === ms; ) await new Promise((resolve) => setImmediate(resolve));
};

describe('while the deletion of a space is accepted, but not carried out,', () => {
  beforeEach(async () => {
    // Nothing is delivered to a runner that only answers.
    runner = await startRunner({ env: { NEXUS_ROLE: 'query' } });
  });

  test.each([
    [
      'ingest',
      {
        documents: [
          { id: 'd', text: 'x' },
          { id: 'f', blob_ref: 'nexus://old.txt' },
        ],
      },
      'documents.1.blob_ref',
    ],
    ['kpi', { metrics: [{ metric: 'orders', blob_ref: 'nexus://old.txt' }] }, 'metrics.0.blob_ref'],
  ])('a request for %s that names a file from before is refused at once, and one that names a file from since is taken', async (verb, body, path) => {
    const about = JSON.stringify(body);
    await put('s', 'old.txt');
    expect((await runner.call('POST', `/nexus/spaces/s/${verb}`, body)).status).toBe(202);
    await nextMillisecond();
    expect((await runner.call('DELETE', '/nexus/spaces/s')).status).toBe(202);

    const refused = await runner.call('POST', `/nexus/spaces/s/${verb}`, body);
    expect(refused.status).toBe(422);
    expect(refused.body.error).toMatchObject({
      code: 'nexus.validation_failed',
      details: { issues: [{ path, message: expect.stringContaining('upload it again') }] },
    });
    await put('s', 'new.txt');
    expect((await runner.call('POST', `/nexus/spaces/s/${verb}`, JSON.parse(about.replace('old.txt', 'new.txt')))).status).toBe(202);
    await put('s', 'old.txt');
    expect((await runner.call('POST', `/nexus/spaces/s/${verb}`, body)).status).toBe(202);
  });
});

test('a request that was accepted before its space was deleted ends as superseded, also when its file has gone', async () => {
  const first = await startRunner({ env: { NEXUS_ROLE: 'query' } });
  runner = first;
  await put('s', 'old.txt');
  const { body: before } = await first.call('POST', '/nexus/spaces/s/ingest', { documents: [{ blob_ref: 'nexus://old.txt' }, { text: 'x' }] });
  const { body: deletion } = await first.call('DELETE', '/nexus/spaces/s');
  const second = await startRunner({ folder: first.folder });
  runner = second;
  try {
    expect(await ended(deletion.task_id)).toBe('succeeded');
    expect(await ended(before.task_id)).toBe('succeeded');
    expect((await second.call('GET', `/nexus/tasks/${before.task_id}`)).body.counts).toMatchObject({ documents: 2, superseded: 2, written: 0, failed: 0 });
  } finally {
    await second.stop();
    runner = first;
  }
});

test('a deletion of many documents that comes after that of their space, which its list went with, ends as superseded', async () => {
  const first = await startRunner({ env: { NEXUS_ROLE: 'query' } });
  runner = first;
  await first.call('POST', '/nexus/spaces/s/ingest', { documents: [{ text: 'x' }] });
  const doc_ids = Array.from({ length: 1000 }, (_, index) => `${index}-`.padEnd(250, 'x'));
  const { body: documents } = await first.call('POST', '/nexus/spaces/s/documents/delete', { doc_ids });
  const { body: deletion } = await first.call('DELETE', '/nexus/spaces/s');
  // As if it were delivered late: what the space's deletion removes is gone before.
  const payload = join(first.folder, `blobs/t_a/dev/p1/marketing/s/payloads/1-${documents.task_id}/request.json`);
  expect(existsSync(payload)).toBe(true);
  rmSync(payload);
  const second = await startRunner({ folder: first.folder });
  runner = second;
  try {
    expect(await ended(deletion.task_id)).toBe('succeeded');
    expect(await ended(documents.task_id)).toBe('succeeded');
  } finally {
    await second.stop();
    runner = first;
  }
});

test('payloads that nobody needs any more go with their space, those of its next life stay', async () => {
  runner = await startRunner();
  await runner.ingest('s', { documents: [{ text: 'x' }] });
  const folders = [1, 2].map((epoch) => join(runner.folder, 'blobs/t_a/dev/p1/marketing/s/payloads', `${epoch}-${newId('task', 0)}`));
  for (const folder of folders) {
    mkdirSync(folder, { recursive: true });
    for (const name of ['request.json', 'kept-1.json']) writeFileSync(join(folder, name), '{}');
  }
  const { body } = await runner.call('DELETE', '/nexus/spaces/s');
  expect(await ended(body.task_id)).toBe('succeeded');
  expect(folders.map((folder) => existsSync(folder))).toEqual([false, true]);
});
