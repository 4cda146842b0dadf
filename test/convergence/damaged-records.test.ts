import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sweep } from '../../runner/worker/sweep.ts';
import { spaceKey } from '../../shared/space-key.ts';
import { caller, type RunningRunner, startRunner } from '../runner/running-runner.ts';
import { damageFile, damages, filesIn, putForeign } from './damage.ts';
import { type SharedRoots, sharedRoots } from './shared-roots.ts';

let roots: SharedRoots;
let runner: RunningRunner;
let area: string;

/** Every time a process that remembers nothing. */
const restart = async (): Promise<void> => {
  await runner?.stop();
  runner = await startRunner({ folder: roots.dataOf('runner'), routes: JSON.parse(roots.routes) });
};

beforeEach(async () => {
  roots = sharedRoots();
  area = 't_a/dev/p1/marketing';
  runner = await startRunner({ folder: roots.dataOf('runner'), routes: JSON.parse(roots.routes) });
  for (const space of ['broken', 'whole']) await runner.ingest(space, { documents: [{ id: 'a', text: `The first of ${space}.` }] });
});
afterEach(async () => {
  await runner.stop();
  roots.remove();
});

const recordsOf = (kind: string): string[] => filesIn(`${roots.store}/${area}/broken.nexus/${kind}`);
const logText = (): string => JSON.stringify(runner.logged);
const ended = async (taskId: string) => {
  const read = async () => (await runner.call('GET', `/nexus/tasks/${taskId}`)).body;
  await expect.poll(async () => (await read()).status, { timeout: 10_000 }).toMatch(/succeeded|partial|failed/);
  return read();
};
const othersWork = async (): Promise<void> => {
  expect((await runner.ingest('whole', { documents: [{ id: 'b', text: 'The second.' }] })).status).toBe('succeeded');
  const { body } = await runner.call('POST', '/nexus/spaces/whole/query', { query: 'second', mode: 'text' });
  expect(body.hits.map(({ doc_id }: { doc_id: string }) => doc_id)).toEqual(['b']);
  const stranger = { context: caller({ tenant_id: 't_b' }) };
  expect((await runner.ingest('broken', { documents: [{ id: 'c', text: 'Of another tenant.' }] }, stranger)).status).toBe('succeeded');
  const { status, body: listed } = await runner.call('GET', '/nexus/spaces');
  expect(status).toBe(200);
  expect(listed.spaces.map(({ space_id }: { space_id: string }) => space_id)).toContain('whole');
};

describe.each(Object.entries(damages))('a record that is %s', (_, damage) => {
  test.each(['settings', 'head', 'lease'])('of %s belongs to its space: requests to it fail and say so, others work', async (kind) => {
    const [newest = ''] = recordsOf(kind);
    const good = readFileSync(newest);
    damageFile(newest, damage);
    await restart();
    const answer = await runner.call('POST', '/nexus/spaces/broken/ingest', { documents: [{ id: 'b', text: 'More.' }] });
    if (kind === 'settings') expect(answer.status).toBe(500);
    else expect(await ended(answer.body.task_id)).toMatchObject({ status: 'failed', errors: [{ message: expect.stringContaining('damaged') }] });
    expect(logText()).toContain(`broken.nexus/${kind}/`);
    await othersWork();

    // Put right by an operator, and all is as before.
    writeFileSync(newest, good);
    await restart();
    expect((await runner.ingest('broken', { documents: [{ id: 'b', text: 'More.' }] })).status).toBe('succeeded');
    expect((await runner.call('GET', '/nexus/spaces/broken')).body.documents).toBe(2);
  });

  test('of a tombstone fails the late write that would need it, not the space', async () => {
    const { body } = await runner.call('DELETE', '/nexus/spaces/broken/documents/a');
    await ended(body.task_id);
    for (const record of recordsOf('tombstones')) damageFile(record, damage);
    await restart();
    expect((await runner.ingest('broken', { documents: [{ id: 'b', text: 'Later.' }] })).status).toBe('succeeded');
    const late = { kind: 'write' as const, seq: 1, task_id: 'task_0', epoch: 1, documents: [{ doc_id: 'a', rows: [] }] };
    await expect(runner.services.queue.submit(spaceKey(caller(), 'tenant', 'broken'), late)).rejects.toThrow(/tombstones.*cannot be read/);
    await othersWork();
  });

  test('of a task belongs to that task', async () => {
    const task = await runner.ingest('broken', { documents: [{ id: 'e', text: 'Another.' }] });
    const ofTask = () => filesIn(`${roots.blobs}/${area}/_tasks`).filter((file) => file.endsWith('result.json'))[0] ?? '';
    // The newest task's folder comes first.
    damageFile(ofTask(), damage);
    expect((await runner.call('GET', `/nexus/tasks/${task.task_id}`)).status).toBe(500);
    const { status, body } = await runner.call('GET', '/nexus/tasks?limit=100');
    expect(status).toBe(200);
    expect(body.tasks.map(({ task_id }: { task_id: string }) => task_id)).not.toContain(task.task_id);
    expect(body.tasks).toHaveLength(2);
    expect(logText()).toContain('tasks.damaged_record');
    await othersWork();
  });

  test('of an idempotency key belongs to that key', async () => {
    const keyed = (key: string) =>
      runner.call('POST', '/nexus/spaces/broken/ingest', { documents: [{ id: 'f', text: 'Keyed.' }] }, { headers: { 'idempotency-key': key } });
    expect((await keyed('one')).status).toBe(202);
    for (const record of filesIn(`${roots.blobs}/${area}/_idempotency`)) damageFile(record, damage);
    expect((await keyed('one')).status).toBe(500);
    expect(logText()).toContain('_idempotency/');
    expect((await keyed('two')).status).toBe(202);
    await othersWork();
  });

  test('of what is due, and foreign folders, do not stop the sweep', async () => {
    const due = (at: string, space: string) => `${roots.store}/_due/000000000000${at}-${space}-erase.json`;
    for (const file of [due('01', '0'.repeat(16)), due('02', '1'.repeat(16))]) putForeign(file);
    const space = { scope: 'tenant', tenant_id: 't_a', env: 'dev', project_id: 'p1', surface_id: 'marketing', space_id: 'whole' };
    writeFileSync(due('01', '0'.repeat(16)), damage(Buffer.from(JSON.stringify({ space, stage: 'erase' }))));
    writeFileSync(due('02', '1'.repeat(16)), JSON.stringify({ space, stage: 'erase' }));
    putForeign(`${roots.blobs}/no tenant\\at all/x/y/z/u`);
    putForeign(`${roots.blobs}/t_a/dev/lost+found/x/y`);
    expect(await sweep(runner.services)).toMatchObject({ erasing: 1 });
    expect(logText()).toContain('sweep.damaged_mark');
    await othersWork();
  });
});

test('foreign files among the records disturb nobody', async () => {
  for (const kind of ['settings', 'head', 'lease', 'tombstones']) putForeign(`${roots.store}/${area}/broken.nexus/${kind}/notes.txt`);
  putForeign(`${roots.store}/${area}/what.nexus.txt`);
  putForeign(`${roots.store}/${area}/-odd.nexus/head/x`);
  await restart();
  expect((await runner.ingest('broken', { documents: [{ id: 'd', text: 'More.' }] })).status).toBe('succeeded');
  await othersWork();
});
