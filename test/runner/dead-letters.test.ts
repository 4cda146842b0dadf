import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { spoolFiles } from '../../runner/adapters/spool/spool-files.ts';
import { replayAttribute } from '../../shared/events.ts';
import { type RunningRunner, startRunner } from './running-runner.ts';

/** A runner that nothing is delivered to but what a test pushes. */
let runner: RunningRunner;
let worker: RunningRunner;
beforeAll(async () => {
  runner = await startRunner({ env: { NEXUS_ROLE: 'query' } });
  worker = await startRunner({ folder: runner.folder, env: { NEXUS_ROLE: 'worker', NEXUS_DATA: join(runner.folder, 'worker'), NEXUS_PUSH_AUTH: 'none' } });
});
afterAll(async () => {
  await worker.stop();
  await runner.stop();
});

const spooled = async (taskId: string): Promise<{ data: string; seq: number }> => {
  const files = spoolFiles(join(runner.folder, 'spool'));
  for (const file of (await files.list()).files) {
    const message = await files.read(file);
    if (message?.attributes['ce-id'] === taskId) return message;
  }
  throw new Error(`no event of ${taskId} was published`);
};

const push = async (path: string, message: { data: string; seq: number }, attributes: Record<string, string> = {}): Promise<number> => {
  const envelope = {
    message: { data: message.data, messageId: 'm', publishTime: new Date(message.seq / 1000).toISOString(), attributes },
    subscription: 's',
  };
  const response = await fetch(`${worker.origin}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(envelope) });
  return response.status;
};

const accepted = async (space: string, documents: unknown[]): Promise<string> => {
  const { body, status } = await runner.call('POST', `/nexus/spaces/${space}/ingest`, { documents });
  expect(status).toBe(202);
  return body.task_id;
};
const statusOf = async (taskId: string): Promise<string> => (await runner.call('GET', `/nexus/tasks/${taskId}`)).body.status;
const documentsIn = async (space: string): Promise<number> => (await runner.call('GET', `/nexus/spaces/${space}`)).body.documents;
const letters = (): string[] =>
  readdirSync(join(runner.folder, 'blobs/t_a/dev/p1/marketing'), { recursive: true })
    .map(String)
    .filter((name) => name.startsWith('_dead-letters/'));

test('a dead letter that is replayed is done, stored payload and all; before that nothing of it is lost', async () => {
  const taskId = await accepted('a', [{ id: 'd', text: 'long enough to be stored beside its event '.repeat(10_000) }]);
  const message = await spooled(taskId);
  expect(await push('/worker/dead-letters', message)).toBe(204);
  expect([await statusOf(taskId), letters().length]).toEqual(['failed', 1]);
  // The event itself may come once more: an ended task is left alone.
  expect(await push('/worker/events', message)).toBe(204);
  expect([await statusOf(taskId), await documentsIn('a'), letters().length]).toEqual(['failed', 0, 1]);

  for (let delivery = 0; delivery < 2; delivery++) {
    expect(await push('/worker/events', message, { [replayAttribute]: '1' })).toBe(204);
    expect([await statusOf(taskId), await documentsIn('a'), letters().length]).toEqual(['succeeded', 1, 0]);
  }
});

test('a replay undoes nothing that ended otherwise, and a dead letter nothing that was done', async () => {
  const taskId = await accepted('b', [{ id: 'd', text: 'done' }]);
  const message = await spooled(taskId);
  expect(await push('/worker/events', message)).toBe(204);
  for (const path of ['/worker/dead-letters', '/worker/events']) expect(await push(path, message, { [replayAttribute]: '1' })).toBe(204);
  expect([await statusOf(taskId), await documentsIn('b'), letters()]).toEqual(['succeeded', 1, []]);
});

test('a dead letter goes with its space; replayed after that, nothing of it is written', async () => {
  const taskId = await accepted('c', [{ id: 'd', text: 'deleted with its space' }]);
  const message = await spooled(taskId);
  expect(await push('/worker/dead-letters', message)).toBe(204);
  expect(letters()).toEqual([`_dead-letters/${taskId}.json`]);
  const { body } = await runner.call('DELETE', '/nexus/spaces/c');
  expect(await push('/worker/events', await spooled(body.task_id))).toBe(204);
  expect([await statusOf(body.task_id), letters()]).toEqual(['succeeded', []]);
  expect(await push('/worker/events', message, { [replayAttribute]: '1' })).toBe(204);
  expect([await statusOf(taskId), await documentsIn('c')]).toEqual(['failed', 0]);
});
