import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RunningRunner, startRunner } from '../runner/running-runner.ts';
import { damageFile, damages, filesIn } from './damage.ts';
import { grantedFetch } from './granted-fetch.ts';
import { type RunnerProcess, runnerProcess } from './runner-process.ts';
import { type SharedRoots, sharedRoots } from './shared-roots.ts';

let roots: SharedRoots;
let acceptor: RunnerProcess;
let data: string;
let runner: RunningRunner | undefined;

/** Accepts without delivering, so that an event can be damaged before anyone has read it. */
beforeEach(async () => {
  roots = sharedRoots();
  data = roots.dataOf('runner');
  acceptor = runnerProcess({ data, role: 'query', routes: roots.routes });
  await acceptor.start();
});
afterEach(async () => {
  await runner?.stop();
  runner = undefined;
  await acceptor.kill();
  roots.remove();
});

const queued = (): string[] => filesIn(join(data, 'spool/queue'));

const accept = async (space: string): Promise<{ taskId: string; file: string }> => {
  const before = new Set(queued());
  const { status, body } = await grantedFetch(acceptor.origin(), 'POST', `/nexus/spaces/${space}/ingest`, { documents: [{ id: 'a', text: `Of ${space}.` }] });
  expect(status).toBe(202);
  return { taskId: body.task_id, file: queued().find((file) => !before.has(file)) ?? '' };
};

/** The spool's owner comes back and delivers. */
const deliver = async (): Promise<RunningRunner> => {
  await acceptor.kill();
  runner = await startRunner({ folder: data, routes: JSON.parse(roots.routes) });
  return runner;
};

const ended = async ({ call }: RunningRunner, taskId: string) => {
  const read = async () => (await call('GET', `/nexus/tasks/${taskId}`)).body;
  await expect.poll(async () => (await read()).status, { timeout: 15_000 }).toMatch(/succeeded|partial|failed/);
  return read();
};

describe.each(Object.entries(damages))('an event that is %s in the spool', (_, damage) => {
  test('is named, kept in dead/, and holds nothing else up', async () => {
    const broken = await accept('broken');
    const whole = await accept('whole');
    damageFile(broken.file, damage);
    const delivering = await deliver();
    expect((await ended(delivering, whole.taskId)).status).toBe('succeeded');
    await expect.poll(() => filesIn(join(data, 'spool/dead')).length).toBe(1);
    expect(queued()).toEqual([]);
    expect(delivering.logged.filter(({ event }) => event === 'spool.damaged_message')).toHaveLength(1);
    expect((await delivering.call('GET', '/nexus/spaces/broken/documents')).body.documents).toEqual([]);
  });
});

test.each(['truncated', 'turned around in the middle'])('the task of an event that is %s fails, and says why', async (name) => {
  const { taskId, file } = await accept('broken');
  damageFile(file, (bytes) => {
    // Where the documents are, behind whose request it is.
    const end = bytes.indexOf('","attributes"');
    const documents = bytes.subarray(end - 40, end);
    const rest = name === 'truncated' ? Buffer.alloc(0) : bytes.subarray(end);
    return Buffer.concat([bytes.subarray(0, end - 40), (damages[name] ?? Buffer.from)(documents), rest]);
  });
  const { status, errors } = await ended(await deliver(), taskId);
  expect(status).toBe('failed');
  expect(errors).toMatchObject([{ doc_id: null, message: expect.stringContaining('damaged') }]);
});

test('foreign files and folders in the spool are named once and left alone, and a spool without its folder for the dead goes on', async () => {
  const broken = await accept('broken');
  const whole = await accept('whole');
  damageFile(broken.file, () => Buffer.alloc(0));
  writeFileSync(join(data, 'spool/queue/notes.txt'), 'buy milk');
  mkdirSync(join(data, 'spool/queue/1700000000000000-0123456789abcdef.0.json'));
  const delivering = await deliver();
  rmSync(join(data, 'spool/dead'), { recursive: true });
  expect((await ended(delivering, whole.taskId)).status).toBe('succeeded');
  const after = (await delivering.ingest('after', { documents: [{ id: 'a', text: 'Later.' }] })).status;
  expect(after).toBe('succeeded');
  const named = delivering.logged.filter(({ event }) => event === 'spool.foreign_file').map(({ fields }) => fields?.name);
  expect(named).toEqual(['notes.txt']);
  // Tried again after a while, not at once and for ever.
  expect(delivering.logged.filter(({ event }) => event.startsWith('spool.')).length).toBeLessThan(10);
});
