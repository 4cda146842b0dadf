import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { appendFile, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { grantedFetch } from '../convergence/granted-fetch.ts';
import { type RunnerProcess, runnerProcess } from '../convergence/runner-process.ts';
import { startRunner } from '../runner/running-runner.ts';

/** The disk under tables, records, blobs and spool is full. */

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const text = (index: number) => `words of number ${index} ${'and many more of them '.repeat(2_000)}`;
const diskFull = (): Error => Object.assign(new Error('no space left on device, write'), { code: 'ENOSPC' });

describe('while the disk takes nothing', () => {
  test.each(['putBytes', 'putIfAbsent'] as const)('at %s: 503 with a time to try again, and nothing is accepted', async (operation) => {
    const runner = await startRunner();
    try {
      const roots = ['store', 'blobs'].map((name) => runner.services.blobsAt(join(runner.folder, name)));
      const spies = roots.map((blobs) => vi.spyOn(blobs, operation).mockRejectedValue(diskFull()));
      const send = () =>
        operation === 'putBytes'
          ? runner.call('PUT', '/nexus/spaces/full/blobs/f', { any: 'file' })
          : runner.call('POST', '/nexus/spaces/full/ingest', { documents: [{ id: 'd', text: 'words' }] });
      const { status, body, headers } = await send();
      expect([status, body.error.code, headers.get('retry-after')]).toEqual([503, 'nexus.overloaded', '30']);
      expect(body.error.message).toMatch(/full/);
      for (const spy of spies) spy.mockRestore();
      expect((await runner.call('GET', '/nexus/tasks')).body.tasks).toEqual([]);
      expect((await send()).status).toBeLessThan(300);
    } finally {
      await runner.stop();
    }
  });
});

const within = ['unshare', '--user', '--map-root-user', '--mount'];
/** A small disk of one's own needs a namespace, which some containers do not give. */
const hasDisk = spawnSync(within[0] ?? '', [...within.slice(1), 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;
if (!hasDisk) process.stderr.write('!! NOT RUN: the test on a real full disk. This machine allows no mount namespaces (unshare).\n');

describe.runIf(hasDisk)('a disk that runs full under load, and is given room again', () => {
  let folder: string;
  let runner: RunnerProcess;
  /** The disk as it is seen from outside its namespace. */
  const onDisk = (name: string) => `/proc/${runner.pid()}/root${folder}/${name}`;
  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    grantedFetch(runner.origin(), method, path, body, { headers });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nexus-disk-'));
    const routes = {
      routes: [
        { id: 'store', kind: 'nexus_store', match: {}, backend: 'lancedb', root: join(folder, 'store') },
        { id: 'blobs', kind: 'nexus_blob_store', match: {}, backend: 'blob', root: join(folder, 'blobs') },
      ],
    };
    const mounted = [...within, 'sh', '-c', `mount -t tmpfs -o size=24m tmpfs ${folder} && exec "$@"`, 'sh'];
    runner = runnerProcess({ data: join(folder, 'data'), role: 'all', routes: JSON.stringify(routes), pushAuth: 'oidc', within: mounted });
    await runner.start();
  });
  afterAll(async () => {
    await runner.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const ended = async (taskId: string) => {
    for (;;) {
      const { status, body } = await call('GET', `/nexus/tasks/${taskId}`);
      if (status === 200 && ['succeeded', 'partial', 'failed'].includes(body.status)) return body;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const ingest = (index: number) =>
    call('POST', '/nexus/spaces/full/ingest', { documents: [{ id: `d${index}`, text: text(index) }] }, { 'idempotency-key': `k${index}` });
  const query = () => call('POST', '/nexus/spaces/full/query', { query: 'words', mode: 'text', limit: 100, group_by: 'doc_id', select: [] });
  /** Takes what room there is but for so many KiB. */
  const fill = async (leftKiB: number): Promise<void> => {
    const piece = Buffer.alloc(64 * 1024);
    for (;;) {
      try {
        await appendFile(onDisk('filler'), piece);
      } catch {
        break;
      }
    }
    await truncate(onDisk('filler'), (await stat(onDisk('filler'))).size - leftKiB * 1024);
  };

  test('refuses with 503, goes on reading, loses nothing that was accepted, and does it all when there is room', { timeout: 300_000 }, async () => {
    const first = await ingest(0);
    expect(await ended(first.body.task_id)).toMatchObject({ status: 'succeeded' });

    await fill(700);
    const accepted = [first.body.task_id as string];
    const refused: number[] = [];
    for (let index = 1; index <= 12; index++) {
      const { status, body } = await ingest(index);
      if (status === 202) accepted.push(body.task_id);
      else {
        expect(['503 nexus.overloaded', '503 nexus.upstream_unavailable']).toContain(`${status} ${body.error.code}`);
        expect(body.error.message).not.toMatch(/ENOSPC|device/);
        refused.push(index);
      }
    }
    expect(refused.length, 'the disk was full').toBeGreaterThan(0);
    expect((await query()).body.hits.map(({ doc_id }: { doc_id: string }) => doc_id)).toContain('d0');
    expect((await call('GET', '/nexus/spaces/full')).status).toBe(200);

    await rm(onDisk('filler'));
    for (const index of refused) {
      const { status, body } = await ingest(index);
      expect(status, JSON.stringify(body)).toBe(202);
      accepted.push(body.task_id);
    }
    for (const task of accepted) expect(await ended(task)).toMatchObject({ status: 'succeeded', counts: { written: 1, failed: 0 } });
    expect((await query()).body.hits.map(({ doc_id }: { doc_id: string }) => doc_id).sort()).toEqual(
      Array.from({ length: 13 }, (_, index) => `d${index}`).sort(),
    );
    expect(runner.isRunning()).toBe(true);
    expect(runner.logged.filter(({ code }) => code === 'nexus.internal')).toEqual([]);
  });
});
