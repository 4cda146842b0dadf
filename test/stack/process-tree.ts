import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface Process {
  pid: number;
  parent: number;
  command: string;
  /** What it was started with; empty where the system does not show it. */
  environment: string;
}

const readable = async (path: string): Promise<string> => (await readFile(path, 'utf8').catch(() => '')).replaceAll('\0', ' ').trim();

const fromProc = async (pid: string): Promise<Process[]> => {
  const stat = await readable(`/proc/${pid}/stat`);
  const [command, environment] = await Promise.all([readable(`/proc/${pid}/cmdline`), readable(`/proc/${pid}/environ`)]);
  // pid (name) state parent …, where the name may hold anything. Without a command: the kernel's, or only waiting to be reaped.
  const parent = Number(
    stat
      .slice(stat.lastIndexOf(')') + 1)
      .trim()
      .split(' ')[1],
  );
  return stat === '' || command === '' ? [] : [{ pid: Number(pid), parent, command, environment }];
};

const fromPs = async (): Promise<Process[]> => {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,command='], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.+)$/.exec(line) ?? [];
    return command === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command, environment: '' }];
  });
};

export const allProcesses = async (): Promise<Process[]> => {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  return pids.length > 0 ? (await Promise.all(pids.map(fromProc))).flat() : fromPs();
};

const familyOf = (all: readonly Process[], root: number): Process[] => {
  const members = new Set([root]);
  let before = 0;
  while (members.size > before) {
    before = members.size;
    for (const { pid, parent } of all) if (members.has(parent)) members.add(pid);
  }
  return all.filter(({ pid }) => members.has(pid));
};

/** The launcher and all that came from it, also what has left the family: it still has the data folder in its environment or its arguments. */
export const processesOf = async ({ pid, data }: { pid: number; data: string }): Promise<Process[]> => {
  const all = await allProcesses();
  const family = new Set(familyOf(all, pid));
  return all.filter((one) => one.pid !== process.pid && (family.has(one) || `${one.command} ${one.environment}`.includes(data)));
};
