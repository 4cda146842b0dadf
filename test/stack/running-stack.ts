import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSecrets, readStack } from '../../client/cli/stack-files.ts';
import { callerOf, type StackCaller } from './stack-caller.ts';

export const repository = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface RunningStack extends StackCaller {
  /** Of the launcher: what `npm start` becomes. */
  pid: number;
  /** Leaders of the tiers' process groups. */
  tiers: { runner: number; edge: number };
  /** Everything that the launcher has printed. */
  output(): { stdout: string; stderr: string };
  ended: Promise<Ended>;
  stop(signal?: NodeJS.Signals): Promise<Ended>;
  /** `kill -9` for one of its processes, at the very moment of the call; resolves when the launcher has ended. */
  kill(what: 'launcher' | 'runner' | 'edge'): Promise<Ended>;
  /** Starts again on the same data, with the same environment. */
  startAgain(): Promise<RunningStack>;
  /** Stops it if it runs, and removes its folder. */
  remove(): Promise<void>;
}

export interface StackWish {
  data?: string;
  env?: Record<string, string>;
  /** Through npm itself instead of the command that npm's script holds. */
  npm?: boolean;
}

export const newDataFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'nexus-stack-'));

/** Where a stack of this data folder keeps tables or blobs: in it, or under its name on the fake object store of this run. */
export const rootOf = (data: string, kind: 'store' | 'blobs'): string =>
  process.env.NEXUS_TEST_GCS === undefined ? join(data, kind) : `gs://bucket/${basename(data)}/${kind}`;

const storage = (data: string): Record<string, string> => {
  const endpoint = process.env.NEXUS_TEST_GCS;
  if (endpoint === undefined) return {};
  const routes = [
    { id: 'default-store', kind: 'nexus_store', match: {}, backend: 'lancedb', root: rootOf(data, 'store') },
    { id: 'default-blobs', kind: 'nexus_blob_store', match: {}, backend: 'blob', root: rootOf(data, 'blobs') },
  ];
  return { NEXUS_GCS_ENDPOINT: endpoint, NEXUS_ROUTES: JSON.stringify({ routes }) };
};

/** A developer's own settings are not a test's. */
const environment = (env: Record<string, string>): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(NEXUS_|VITEST|NODE_ENV$|NODE_OPTIONS$|npm_)/i.test(name))),
  PATH: [join(repository, 'node_modules/.bin'), process.env.PATH].join(delimiter),
  ...env,
});

/** The command of package.json's `start`, which replaces its shell: the process that is spawned is the launcher. */
const launch = async (flags: string[], { env = {}, npm = false }: StackWish): Promise<ChildProcess> => {
  const { scripts } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as { scripts: { start: string } };
  const [command, ...args] = npm ? ['npm', 'start', '--silent', '--', ...flags] : ['sh', '-c', `${scripts.start} "$@"`, 'sh', ...flags];
  return spawn(command as string, args, { cwd: repository, env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] });
};

/** @throws Error with what the launcher said when it ends before it is ready */
export const startStack = async (wish: StackWish = {}): Promise<RunningStack> => {
  const data = wish.data ?? (await newDataFolder());
  const child = await launch(['--data', data, '--port', '0', '--runner-port', '0'], { ...wish, env: { ...storage(data), ...wish.env } });
  const printed = { stdout: '', stderr: '' };
  const ended = once(child, 'close').then(([code, signal]): Ended => ({ code, signal }));
  const ready = new Promise<{ edge: string; runner: string }>((resolve) => {
    child.stdout?.on('data', (piece) => {
      printed.stdout += piece;
      const line = printed.stdout.split('\n').find((text) => text.startsWith('{"ready":true'));
      if (line !== undefined) resolve(JSON.parse(line));
    });
  });
  child.stderr?.on('data', (piece) => {
    printed.stderr += piece;
  });
  const failed = ended.then(({ code }) => {
    throw new Error(`the stack ended with ${code} before it was ready:\n${printed.stderr}`);
  });
  const { edge, runner } = await Promise.race([ready, failed]);
  failed.catch(() => undefined);

  const [secrets, recorded] = await Promise.all([readSecrets(data), readStack(data)]);
  if (secrets === undefined) throw new Error('a stack that is ready has secrets');
  const pid = child.pid as number;
  const tierPid = (tier: string): number => recorded?.children.find(({ name }) => name === tier)?.pid ?? 0;
  const tiers = { runner: tierPid('runner'), edge: tierPid('edge') };
  if (tiers.runner === 0 || tiers.edge === 0) throw new Error('stack.json names both tiers');
  const signal = async (target: number, name: NodeJS.Signals): Promise<Ended> => {
    if (child.exitCode === null && child.signalCode === null) process.kill(target, name);
    return ended;
  };
  const stop: RunningStack['stop'] = (name = 'SIGTERM') => signal(pid, name);

  return {
    ...callerOf({ edge, runner, data, secrets }),
    pid,
    tiers,
    output: () => ({ ...printed }),
    ended,
    stop,
    kill: (what) => signal(what === 'launcher' ? pid : -tiers[what], 'SIGKILL'),
    startAgain: () => startStack({ ...wish, data }),
    async remove() {
      await stop();
      await rm(data, { recursive: true, force: true, maxRetries: 10 });
    },
  };
};
