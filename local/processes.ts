import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface Process {
  pid: number;
  /** Its process group. */
  group: number;
  command: string;
}

const fromProc = async (pid: string): Promise<Process[]> => {
  try {
    const [stat, command] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile(`/proc/${pid}/cmdline`, 'utf8')]);
    // pid (name) state parent group …, where the name may hold anything.
    const group = Number(stat.slice(stat.lastIndexOf(')') + 1).split(' ')[3]);
    return command === '' ? [] : [{ pid: Number(pid), group, command: command.replaceAll('\0', ' ') }];
  } catch {
    return [];
  }
};

const fromPs = async (): Promise<Process[]> => {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,pgid=,command='], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, group, command] = /^\s*(\d+)\s+(\d+)\s+(.+)$/.exec(line) ?? [];
    return command === undefined ? [] : [{ pid: Number(pid), group: Number(group), command }];
  });
};

/** Processes that are alive; those that only wait to be reaped are not. */
export const listProcesses = async (): Promise<Process[]> => {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name));
  return pids.length > 0 ? (await Promise.all(pids.map(fromProc))).flat() : fromPs();
};

/** To every member of a group; a group that is gone is fine. */
export const signalGroup = (group: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};
