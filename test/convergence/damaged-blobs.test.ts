import { afterEach, beforeEach, expect, test } from 'vitest';
import { caller, type RunningRunner, startRunner } from '../runner/running-runner.ts';
import { damageFile, damages, filesIn, putForeign } from './damage.ts';
import { grantedFetch } from './granted-fetch.ts';
import { runnerProcess } from './runner-process.ts';
import { sharedRoots } from './shared-roots.ts';

let runner: RunningRunner;
let blobs: string;
beforeEach(async () => {
  runner = await startRunner();
  blobs = `${runner.folder}/blobs/t_a/dev/p1/marketing`;
});
afterEach(() => runner.stop());

const eventsOf = (event: string) => runner.logged.filter((line) => line.event === event);
const upload = (name: string, text: string) => runner.call('PUT', `/nexus/spaces/s/blobs/${name}`, new TextEncoder().encode(text));
const works = async (space: string): Promise<void> => {
  expect((await runner.ingest(space, { documents: [{ id: 'ok', text: 'All is well.' }] })).status).toBe('succeeded');
  expect((await runner.call('GET', `/nexus/spaces/${space}/documents/ok`)).status).toBe(200);
};

test.each(Object.keys(damages))('content of an upload that is %s fails its own document and no other, and is not taken for what was uploaded', async (name) => {
  await upload('good.txt', 'This file is good.');
  await upload('bad.txt', 'This file will be damaged.');
  const content = filesIn(`${blobs}/s/uploads/sha256`);
  expect(content).toHaveLength(2);
  const sha256 = (await upload('bad.txt', 'This file will be damaged.')).body.sha256;
  damageFile(`${blobs}/s/uploads/sha256/${sha256}`, damages[name] ?? Buffer.from);
  const task = await runner.ingest('s', {
    documents: [
      { id: 'good', blob_ref: 'nexus://good.txt' },
      { id: 'bad', blob_ref: 'nexus://bad.txt' },
    ],
  });
  expect(task).toMatchObject({
    status: 'partial',
    counts: { written: 1, failed: 1 },
    errors: [{ doc_id: 'bad', message: expect.stringContaining('damaged') }],
  });
  expect(eventsOf('ingest.damaged_content')).toHaveLength(1);
  // Uploading it again heals it.
  await upload('bad.txt', 'This file will be damaged.');
  expect((await runner.ingest('s', { documents: [{ id: 'bad', blob_ref: 'nexus://bad.txt' }] })).status).toBe('succeeded');
});

test.each(Object.keys(damages))('a name record that is %s belongs to its file only, and goes with its space', async (name) => {
  await upload('bad.txt', 'One.');
  const [record = ''] = filesIn(`${blobs}/s/uploads/names`);
  damageFile(record, damages[name] ?? Buffer.from);
  expect((await runner.call('GET', '/nexus/spaces/s/blobs/bad.txt')).status).toBe(500);
  expect((await runner.call('POST', '/nexus/spaces/s/ingest', { documents: [{ id: 'a', blob_ref: 'nexus://bad.txt' }] })).status).toBe(500);
  expect(
    eventsOf('request.failed')
      .map(({ fields }) => String(fields?.error))
      .every((error) => error.includes('uploads/names')),
  ).toBe(true);
  await upload('good.txt', 'Two.');
  expect((await runner.ingest('s', { documents: [{ id: 'a', blob_ref: 'nexus://good.txt' }] })).status).toBe('succeeded');

  const { body } = await runner.call('DELETE', '/nexus/spaces/s');
  await expect.poll(async () => (await runner.call('GET', `/nexus/tasks/${body.task_id}`)).body.status, { timeout: 10_000 }).toBe('succeeded');
  expect(filesIn(`${blobs}/s/uploads`)).toEqual([]);
});

test.each(Object.keys(damages))('a payload that is %s fails its own task at once and says so', async (name) => {
  const roots = sharedRoots();
  const acceptor = runnerProcess({ data: roots.dataOf('runner'), role: 'query', routes: roots.routes });
  await acceptor.start();
  const large = { documents: [{ id: 'large', text: 'A long story. '.repeat(20_000) }], chunking: { strategy: 'none' } };
  const { body } = await grantedFetch(acceptor.origin(), 'POST', '/nexus/spaces/s/ingest', large);
  await acceptor.kill();
  const [payload = ''] = filesIn(`${roots.blobs}/t_a/dev/p1/marketing/s/payloads`);
  damageFile(payload, damages[name] ?? Buffer.from);
  const other = await startRunner({ folder: roots.dataOf('runner'), routes: JSON.parse(roots.routes) });
  try {
    const read = async () => (await other.call('GET', `/nexus/tasks/${body.task_id}`)).body;
    await expect.poll(async () => (await read()).status, { timeout: 10_000 }).toBe('failed');
    expect((await read()).errors).toMatchObject([{ message: expect.stringContaining('damaged') }]);
    expect(other.logged.filter(({ event }) => event === 'task.damaged_payload').map(({ fields }) => fields?.task_id)).toEqual([body.task_id]);
  } finally {
    await other.stop();
    roots.remove();
  }
});

test('foreign files among the blobs disturb nobody', async () => {
  await upload('good.txt', 'Good.');
  for (const name of [
    's/uploads/names/x.json',
    's/uploads/sha256/zzz',
    's/payloads/notes',
    '_tasks/README',
    '_tasks/task_xyz/result.json',
    '_idempotency/x',
    'lost+found/x',
  ])
    putForeign(`${blobs}/${name}`);
  putForeign(`${runner.folder}/blobs/no tenant\\at all/x`);
  await works('s');
  expect((await runner.call('GET', '/nexus/tasks')).status).toBe(200);
  const { body } = await runner.call('DELETE', '/nexus/spaces/s');
  await expect.poll(async () => (await runner.call('GET', `/nexus/tasks/${body.task_id}`)).body.status, { timeout: 10_000 }).toBe('succeeded');
  expect((await runner.call('GET', '/nexus/spaces', undefined, { context: caller() })).status).toBe(200);
});
