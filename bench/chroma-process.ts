import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const packageToInstall = 'chromadb@3.0.3';
const collections = '/api/v2/tenants/default_tenant/databases/default_database/collections';
const startMaxMs = 60_000;

/** Chroma's own server, on a port and in a folder of its own. */
export interface ChromaProcess {
  origin: string;
  pid: number;
  /** What it calls itself. */
  version: string;
  /** @returns the collection's path, to which `/add` and `/query` are joined */
  collection(name: string): Promise<string>;
  stop(): Promise<void>;
}

/** Another's server is no dependency of ours: it comes when it is measured, and goes. @throws Error when it cannot be installed */
const install = async (folder: string): Promise<string> => {
  try {
    await promisify(execFile)('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', packageToInstall]);
  } catch (cause) {
    throw new Error(`${packageToInstall} cannot be installed, and nothing is measured beside it: ${String(cause)}`, { cause });
  }
  return join(folder, 'node_modules/chromadb/dist/cli.mjs');
};

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

export const startChroma = async (): Promise<ChromaProcess> => {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-bench-chroma-'));
  const cli = await install(folder).catch((error: unknown) => {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  });
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const child = spawn(process.execPath, [cli, 'run', '--path', join(folder, 'data'), '--port', String(port)], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };

  const deadlineMs = performance.now() + startMaxMs;
  for (;;) {
    const version = await fetch(`${origin}/api/v2/version`).then(
      (answer) => answer.json() as Promise<string>,
      () => undefined,
    );
    if (version !== undefined)
      return {
        origin,
        pid: child.pid ?? 0,
        version,
        async collection(name) {
          const body = JSON.stringify({ name, configuration: { hnsw: { space: 'cosine' } } });
          const answer = await fetch(origin + collections, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
          if (!answer.ok) throw new Error(`Chroma answered ${answer.status}: ${await answer.text()}`);
          return `${collections}/${((await answer.json()) as { id: string }).id}`;
        },
        stop,
      };
    if (performance.now() > deadlineMs || child.exitCode !== null) {
      await stop();
      throw new Error(`Chroma's server did not come up (its exit code: ${child.exitCode})`);
    }
    await sleep(100);
  }
};
