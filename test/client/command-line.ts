import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Io } from '../../client/cli/command.ts';
import { run } from '../../client/cli/main.ts';

/** An empty folder that goes when the test ends. */
export const temporaryFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'nexus-client-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
};

/** Writes files below a folder, by their relative paths. */
export const writeFiles = async (folder: string, files: Record<string, string | Uint8Array>): Promise<void> => {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
};

export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** One run of `nexus`, with nothing of this process's environment. */
export const nexus = async (argv: string[], io: Partial<Io> = {}): Promise<Ran> => {
  const ran: Ran = { code: -1, out: '', err: '' };
  ran.code = await run(argv, {
    env: {},
    cwd: tmpdir(),
    out: (text) => {
      ran.out += text;
    },
    err: (text) => {
      ran.err += text;
    },
    interactive: false,
    fetch,
    now: Date.now,
    sleep: async () => {},
    ...io,
  });
  return ran;
};

export const localSecrets = { jwt_secret: 'j'.repeat(64), grant_secret: 'g'.repeat(64), cursor_keys: `k1:${'c'.repeat(64)}` };

/** A data folder as a running local stack leaves it. */
export const localStack = async (edgeUrl: string): Promise<string> => {
  const data = await temporaryFolder();
  const stack = { edge: edgeUrl, runner: 'http://127.0.0.1:1', data, pid: process.pid, started_at: new Date().toISOString() };
  await writeFiles(data, { 'stack.json': JSON.stringify(stack), 'secrets.json': JSON.stringify(localSecrets) });
  return data;
};
