import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type RunnerProcess, runnerProcess } from '../convergence/runner-process.ts';
import { type SharedRoots, sharedRoots } from '../convergence/shared-roots.ts';
import { edgeBefore } from './edge-before.ts';

/** A runner hangs: it takes connections, and says nothing. */

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

/** The edge's 30 seconds are three here. */
const patience = 0.1;

let roots: SharedRoots;
let runners: RunnerProcess[];
let ask: Awaited<ReturnType<typeof edgeBefore>>;
beforeEach(async () => {
  roots = sharedRoots();
  runners = ['one', 'other'].map((name) => runnerProcess({ data: roots.dataOf(name), role: 'all', routes: roots.routes, pushAuth: 'oidc' }));
  await Promise.all(runners.map((runner) => runner.start()));
  ask = await edgeBefore(
    runners.map((runner) => runner.origin()),
    roots.routes,
    patience,
  );
});
afterEach(async () => {
  for (const runner of runners) {
    runner.resume();
    await runner.kill();
  }
  roots.remove();
});

const ingest = (id: string, headers: Record<string, string>) => ask('POST', '/nexus/spaces/s/ingest', { documents: [{ id, text: 'words' }] }, headers);
const query = () => ask('POST', '/nexus/spaces/s/query', { query: 'words', mode: 'text' });
/** The runner that hangs is asked last for a while; on a slow machine that may be over, and it costs one more 504. */
const answered = async (send: () => ReturnType<typeof query>): ReturnType<typeof query> => {
  const answer = await send();
  return answer.status === 504 ? answered(send) : answer;
};
const found = async (): Promise<string[]> => (await answered(query)).body.hits.map(({ doc_id }: { doc_id: string }) => doc_id).sort();
const ended = async (taskId: string) => {
  for (;;) {
    const { status, body } = await ask('GET', `/nexus/tasks/${taskId}`);
    if (status === 200 && ['succeeded', 'partial', 'failed'].includes(body.status)) return body;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
const homeOf = (endpoint: string): RunnerProcess => {
  const home = runners.find(({ logged }) => logged.some(({ event, endpoint: seen }) => event === 'request' && seen === endpoint));
  if (home === undefined) throw new Error(`nobody was asked for ${endpoint}`);
  return home;
};

test('costs one caller 504 within the edge’s time; the next ones are answered by another, and nothing is lost or done twice', async () => {
  const first = await ingest('before', {});
  expect(await ended(first.body.task_id)).toMatchObject({ status: 'succeeded' });
  const home = homeOf('ingest');
  home.pause();

  const hung = await ingest('meanwhile', { 'idempotency-key': 'k' });
  expect([hung.status, hung.body.error.code, hung.body.error.retryable]).toEqual([504, 'nexus.timeout', true]);
  expect(hung.tookMs).toBeLessThan(30_000);
  expect(await found()).toEqual(['before']);
  const again = await answered(() => ingest('meanwhile', { 'idempotency-key': 'k' }));
  expect(again.status).toBe(202);
  expect(await ended(again.body.task_id)).toMatchObject({ status: 'succeeded' });

  home.resume();
  // What had been sent to it is carried out now, and is the same request.
  await expect
    .poll(() => home.logged.filter(({ event, endpoint }) => event === 'request' && endpoint === 'ingest').length, { timeout: 60_000 })
    .toBeGreaterThan(1);
  expect((await ingest('meanwhile', { 'idempotency-key': 'k' })).body.task_id).toBe(again.body.task_id);
  expect(await found()).toEqual(['before', 'meanwhile']);
  expect((await ask('GET', '/nexus/spaces/s')).body).toMatchObject({ documents: 2, chunks: 2 });
});

test('when all of them hang: 504 each time, and all is well when they go on', async () => {
  const first = await ingest('before', {});
  await ended(first.body.task_id);
  for (const runner of runners) runner.pause();
  for (let attempt = 0; attempt < 2; attempt++) {
    const { status, body } = await query();
    expect([status, body.error.code]).toEqual([504, 'nexus.timeout']);
  }
  for (const runner of runners) runner.resume();
  expect(await found()).toEqual(['before']);
});
