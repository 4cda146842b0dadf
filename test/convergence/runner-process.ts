import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { grantSecret } from '../runner/running-runner.ts';

const main = fileURLToPath(new URL('../../runner/main.ts', import.meta.url));
const kept = ['PATH', 'HOME', 'TMPDIR', 'MALLOC_ARENA_MAX'];

export interface LogLine {
  severity: string;
  event: string;
  [field: string]: unknown;
}

export interface RunnerProcessOptions {
  /** Its own folder: the spool. */
  data: string;
  role: 'all' | 'query' | 'worker';
  /** The routing registry: inline JSON. */
  routes: string;
  /** `none` lets the test push events itself. */
  pushAuth?: 'oidc' | 'none';
  /** Beside and instead of a local runner's settings. */
  env?: Record<string, string>;
  /** The command that runs a command in other circumstances; it must become it, so that signals arrive. */
  within?: readonly string[];
}

/** A real runner in a process of its own, which may be paused, killed and started again; each time on a new port. */
export interface RunnerProcess {
  origin(): string;
  /** What it calls itself in leases. */
  instance(): string;
  /** All that it and its predecessors logged. */
  readonly logged: LogLine[];
  /** Whatever was not a log line: a crash speaks there. */
  readonly noise: string[];
  isRunning(): boolean;
  pid(): number;
  start(): Promise<void>;
  pause(): void;
  resume(): void;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM, as Cloud Run sends it. @returns the exit code, once the process has ended */
  terminate(): Promise<number | null>;
}

export const runnerProcess = ({ data, role, routes, pushAuth = 'none', env: settings = {}, within = [] }: RunnerProcessOptions): RunnerProcess => {
  let child: ChildProcess | undefined;
  let listening = { origin: '', instance: '' };
  const logged: LogLine[] = [];
  const noise: string[] = [];
  mkdirSync(data, { recursive: true });

  const start = async (): Promise<void> => {
    const env = {
      ...Object.fromEntries(kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))),
      NEXUS_PROFILE: 'local',
      NEXUS_ROLE: role,
      NEXUS_ROUTES: routes,
      NEXUS_GRANT_SECRET: grantSecret,
      NEXUS_CURSOR_KEYS: 'k1:a-cursor-secret-that-only-tests-know',
      NEXUS_DATA: data,
      NEXUS_PUSH_AUTH: pushAuth,
      PORT: '0',
      LANCEDB_LOG: 'error',
      ...settings,
    };
    const [command = process.execPath, ...args] = [...within, process.execPath, '--import', import.meta.resolve('tsx'), main];
    const started = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    createInterface({ input: started.stderr }).on('line', (line) => noise.push(line));
    const ready = Promise.withResolvers<void>();
    createInterface({ input: started.stdout }).on('line', (line) => {
      const entry = line.startsWith('{') ? (JSON.parse(line) as LogLine) : undefined;
      if (entry === undefined) noise.push(line);
      else logged.push(entry);
      if (entry?.event !== 'runner.listening') return;
      listening = { origin: `http://127.0.0.1:${entry.port}`, instance: String(entry.instance) };
      ready.resolve();
    });
    started.once('exit', (code) => ready.reject(new Error(`the runner ended with ${code}: ${noise.slice(-5).join('\n')}`)));
    await ready.promise;
  };

  return {
    origin: () => listening.origin,
    instance: () => listening.instance,
    logged,
    noise,
    isRunning: () => child !== undefined && child.exitCode === null && child.signalCode === null,
    pid: () => child?.pid ?? -1,
    start,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async kill() {
      const dying = child;
      if (dying === undefined || dying.exitCode !== null || dying.signalCode !== null) return;
      const gone = once(dying, 'exit');
      dying.kill('SIGKILL');
      await gone;
    },
    async terminate() {
      if (child === undefined) throw new Error('it was never started');
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const [code] = await gone;
      return code;
    },
  };
};
