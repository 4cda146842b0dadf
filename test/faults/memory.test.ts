import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { grantedFetch } from '../convergence/granted-fetch.ts';
import { type RunnerProcess, runnerProcess } from '../convergence/runner-process.ts';
import { type SharedRoots, sharedRoots } from '../convergence/shared-roots.ts';
import { caller } from '../runner/running-runner.ts';

/** A runner with little memory is sent more at once than it holds. */

vi.setConfig({ hookTimeout: 180_000 });

let roots: SharedRoots;
let runner: RunnerProcess;
beforeAll(async () => {
  roots = sharedRoots();
  const env = { NODE_OPTIONS: '--max-old-space-size=320' };
  runner = runnerProcess({ data: roots.dataOf('runner'), role: 'all', routes: roots.routes, pushAuth: 'oidc', env });
  await runner.start();
});
afterAll(async () => {
  await runner.kill();
  roots.remove();
});

const MiB = 1024 * 1024;
const tenants = ['t_a', 't_b', 't_c', 't_d'];
/** Ten mebibytes of vectors: parsed, several times as much. */
const large = new TextEncoder().encode(
  JSON.stringify({
    documents: Array.from({ length: 600 }, (_, index) => ({
      id: `d${index}`,
      text: `words of ${index}`,
      vector: Array.from({ length: 1_536 }, (_, at) => Math.round(Math.sin(index * at + 1) * 1e8) / 1e8),
    })),
  }),
);
const call = (tenant: string, method: string, path: string, body?: unknown) =>
  grantedFetch(runner.origin(), method, path, body, { context: caller({ tenant_id: tenant }) });
const ended = async (tenant: string, taskId: string) => {
  for (;;) {
    const { status, body } = await call(tenant, 'GET', `/nexus/tasks/${taskId}`);
    if (status === 200 && ['succeeded', 'partial', 'failed'].includes(body.status)) return body;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
};

test('answers 202, 413, 429 or 503, goes on serving, and carries out all that it accepted', { timeout: 300_000 }, async () => {
  const accepted: [tenant: string, taskId: string][] = [];
  const statuses: Record<string, number> = {};
  const send = async (tenant: string, index: number): Promise<void> => {
    const { status, body } = await call(tenant, 'POST', `/nexus/spaces/s${index}/ingest`, large);
    const told = `${status} ${body.error?.code ?? ''}`;
    statuses[told] = (statuses[told] ?? 0) + 1;
    if (status === 202) accepted.push([tenant, body.task_id]);
  };
  const tooLarge = async (tenant: string): Promise<void> => {
    const { status } = await call(tenant, 'POST', '/nexus/spaces/big/ingest', new Uint8Array(25 * MiB));
    expect([413, 429, 503]).toContain(status);
  };
  let isOver = false;
  const probes = async (): Promise<void> => {
    while (!isOver) {
      expect((await fetch(`${runner.origin()}/health`)).status).toBe(200);
      const { status } = await call('t_small', 'POST', '/nexus/spaces/s/query', { query: 'words' });
      expect([200, 429, 503, 504]).toContain(status);
    }
  };
  const probing = probes();
  await Promise.all(tenants.flatMap((tenant) => [send(tenant, 0), send(tenant, 1), tooLarge(tenant)]));
  expect(Object.keys(statuses).filter((told) => !['202 ', '429 nexus.rate_limited', '503 nexus.overloaded'].includes(told))).toEqual([]);
  expect(accepted.length, JSON.stringify(statuses)).toBeGreaterThan(0);
  for (const [tenant, task] of accepted) expect(await ended(tenant, task)).toMatchObject({ status: 'succeeded', counts: { written: 600 } });
  isOver = true;
  await probing;
  expect([runner.isRunning(), runner.noise.filter((line) => /heap|fatal/i.test(line))]).toEqual([true, []]);
});
