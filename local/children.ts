import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { limits } from '../shared/limits.ts';
import { StartError } from './options.ts';
import { signalGroup } from './processes.ts';

export interface Child {
  name: string;
  /** Leader of its own process group, so that a terminal's Ctrl-C reaches the stack alone, which then stops in order. */
  pid: number;
  logPath: string;
  /** Resolves with how it ended. */
  exited: Promise<string>;
}

/**
 * @param args of Node, which runs it
 * @param logPath where both of its outputs go
 */
export const startChild = (name: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd: string, logPath: string): Child => {
  const log = openSync(logPath, 'w', 0o600);
  const leash = new URL('./leash.js', import.meta.url).href;
  const child = spawn(process.execPath, ['--import', leash, ...args], { cwd, env, detached: true, stdio: ['pipe', log, log] });
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) throw new Error(`could not start the ${name}`);
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  process.once('exit', () => signalGroup(pid, 'SIGKILL'));
  return { name, pid, logPath, exited };
};

/** Ends the whole group: kindly first, and for sure. */
export const stopChild = async ({ pid, exited }: Child): Promise<void> => {
  signalGroup(pid, 'SIGTERM');
  const kill = setTimeout(() => signalGroup(pid, 'SIGKILL'), limits.stopTimeoutMs);
  await exited;
  clearTimeout(kill);
  signalGroup(pid, 'SIGKILL');
};

const tailLines = 30;

/** What happened, and what the child said last. */
export const childFailed = ({ name, logPath }: Child, what: string): StartError => {
  const tail = readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-tailLines).join('\n');
  return new StartError(`The ${name} ${what}. The end of ${logPath}:\n${tail}`);
};
