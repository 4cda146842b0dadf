import { readdirSync, readFileSync } from 'node:fs';

/** What the system says of a process; NaN where it does not (only Linux has `/proc`). */
const ask = (read: () => number): number => {
  try {
    return read();
  } catch {
    return Number.NaN;
  }
};

const statusMiB = (pid: number, field: string): number =>
  ask(() => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024);

export const residentMiB = (pid: number): number => statusMiB(pid, 'VmRSS');

/** Most memory that the process has had. */
export const peakMiB = (pid: number): number => statusMiB(pid, 'VmHWM');

/** Files, sockets and the like that it holds open. */
export const openHandles = (pid: number): number => ask(() => readdirSync(`/proc/${pid}/fd`).length);

/** CPU time of a process, user and system, in milliseconds: unlike the clock, it is the same on a busy machine. In steps of 10. */
export const cpuMs = (pid: number): number =>
  ask(() => {
    const [user, system] = (readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1] ?? '').split(' ').slice(11, 13).map(Number);
    return ((user ?? Number.NaN) + (system ?? Number.NaN)) * 10;
  });
