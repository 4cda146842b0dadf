import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Cores that a process may use, as `taskset` takes them: `0`, `0-2`. */
export type Cores = string;

/**
 * One core for who asks and the others for who answers, so that neither takes the other's time.
 * @returns undefined where a process cannot be kept to some of the cores: no `taskset` (Linux has it), or one core
 */
export const coresApart = (): { askers: Cores; answerer: Cores } | undefined => {
  const cores = availableParallelism();
  if (cores < 2 || spawnSync('taskset', ['-c', '0', 'true']).status !== 0) return undefined;
  return { askers: String(cores - 1), answerer: cores === 2 ? '0' : `0-${cores - 2}` };
};

/** What to start, and with which arguments before the program's own, so that Node runs on these cores alone. */
export const nodeOn = (cores: Cores | undefined): [program: string, args: string[]] =>
  cores === undefined ? [process.execPath, []] : ['taskset', ['-c', cores, process.execPath]];
