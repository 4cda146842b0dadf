import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { typescriptLoader } from '../runner/adapters/typescript-loader.ts';
import { grantHeader, sealGrant } from '../shared/grant.ts';
import { type Cores, nodeOn } from './cores.ts';

const grantSecret = 'a-grant-secret-that-only-the-bench-knows';

/** A runner in a process of its own, addressed directly with grants: what is measured has no edge in it. */
export interface RunnerProcess {
  folder: string;
  /** Folder of the tables: an engine in this process can open what the runner wrote. */
  tables: string;
  origin: string;
  pid: number;
  /** What the edge would send beside the body. @param atMs when the grant is dated, in Unix milliseconds */
  headers(method: string, path: string, body: Uint8Array | undefined, tenant?: string, atMs?: number): Promise<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: answers are read, not typed
  call(method: string, path: string, body?: Uint8Array, tenant?: string): Promise<{ status: number; body: any }>;
  task(taskId: string, tenant?: string): Promise<void>;
  stop(): Promise<void>;
}

const context = { tenant_id: 't_bench', env: 'dev', project_id: 'p1', surface_id: 'bench', subject: 'bench', roles: ['writer' as const] };

const listening = async (child: ChildProcess): Promise<number> => {
  if (child.stdout === null) throw new Error('the runner has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const entry = JSON.parse(line) as { event?: string; message?: string; port?: number };
    if (entry.port !== undefined) return entry.port;
  }
  throw new Error('the runner ended before it listened');
};

/**
 * @param nodeOptions such as `--cpu-prof`
 * @param env more than the bench's own, or instead of it
 * @param keptFolder what an earlier runner left, and the next may find; left out: an empty one, which goes with the runner
 * @param cores it may use; left out: all
 */
export const startRunnerProcess = async (
  nodeOptions: readonly string[] = [],
  env: Record<string, string> = {},
  keptFolder?: string,
  cores?: Cores,
): Promise<RunnerProcess> => {
  const folder = keptFolder ?? mkdtempSync(join(tmpdir(), 'nexus-bench-'));
  const routes = {
    routes: [
      { id: 'store', kind: 'nexus_store', match: {}, backend: 'lancedb', root: join(folder, 'store') },
      { id: 'blobs', kind: 'nexus_blob_store', match: {}, backend: 'blob', root: join(folder, 'blobs') },
    ],
  };
  const [program, args] = nodeOn(cores);
  const child = spawn(program, [...args, ...nodeOptions, ...typescriptLoader(), 'runner/main.ts'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      PORT: '0',
      NEXUS_PROFILE: 'local',
      NEXUS_ROUTES: JSON.stringify(routes),
      NEXUS_GRANT_SECRET: grantSecret,
      NEXUS_CURSOR_KEYS: 'k1:a-cursor-secret-that-only-the-bench-knows',
      NEXUS_DATA: folder,
      // A map that is drawn because a space has grown would share the cores with what is measured.
      NEXUS_HAZE: 'manual',
      ...env,
    },
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const origin = `http://127.0.0.1:${await listening(child)}`;
  child.stdout?.resume();

  const headers: RunnerProcess['headers'] = async (method, path, body, tenant = context.tenant_id, atMs = Date.now()) => {
    const url = new URL(path, origin);
    const seen = { method, path: url.pathname, query: url.search, request_id: 'req_bench', routes: ['store', 'blobs'] };
    const hash = body === undefined ? {} : { body_sha256: createHash('sha256').update(body).digest('hex') };
    return {
      [grantHeader]: sealGrant({ context: { ...context, tenant_id: tenant }, ...seen, ...hash }, grantSecret, atMs),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
  };
  const call: RunnerProcess['call'] = async (method, path, body, tenant) => {
    const response = await fetch(new URL(path, origin), {
      method,
      headers: await headers(method, path, body, tenant),
      ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
    });
    return { status: response.status, body: await response.json() };
  };

  return {
    folder,
    tables: join(folder, 'store/t_bench/dev/p1/bench'),
    origin,
    pid: child.pid ?? 0,
    headers,
    call,
    async task(taskId, tenant) {
      for (;;) {
        const { body } = await call('GET', `/nexus/tasks/${taskId}`, undefined, tenant);
        if (body.status === 'succeeded') return;
        if (body.status === 'failed' || body.status === 'partial') throw new Error(`a task ended ${body.status}: ${JSON.stringify(body.errors)}`);
        await sleep(20);
      }
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
      if (keptFolder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
};
