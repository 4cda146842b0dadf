import { rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { readStack, type Stack, stackPath } from '../client/cli/stack-files.ts';
import { limits } from '../shared/limits.ts';
import { StartError } from './options.ts';
import { listProcesses, type Process, signalGroup } from './processes.ts';

const textOf = (stack: Stack): string => `${JSON.stringify(stack, null, 2)}\n`;

const livesStill = async ({ pid }: Stack): Promise<boolean> =>
  pid !== process.pid && (await listProcesses()).some((other) => other.pid === pid && other.command.includes('local/start.ts'));

/** Members of the recorded groups that are what the stack starts: a group's number may be somebody else's by now. */
const leftoversOf = async ({ children }: Stack): Promise<Process[]> => {
  const groups = new Set(children.map((child) => child.pid));
  return (await listProcesses()).filter(({ group, command }) => groups.has(group) && /local\/leash\.js|workerd serve/.test(command));
};

const pollMs = 50;

/** A stack that was killed may have left processes behind; their leash ends them, else this does. */
const endLeftovers = async (stack: Stack): Promise<void> => {
  const deadline = Date.now() + limits.stopTimeoutMs;
  let leftovers = await leftoversOf(stack);
  for (const { group } of leftovers) signalGroup(group, 'SIGTERM');
  while (leftovers.length > 0 && Date.now() < deadline) {
    await sleep(pollMs);
    leftovers = await leftoversOf(stack);
  }
  for (const { group } of leftovers) signalGroup(group, 'SIGKILL');
};

/**
 * Makes `stack.json` this process's: one stack at a time on a data folder.
 * @throws StartError while another one lives
 */
export const takeStack = async (data: string, startedAt: string): Promise<Stack> => {
  const stack: Stack = { pid: process.pid, data, started_at: startedAt, children: [] };
  try {
    await writeFile(stackPath(data), textOf(stack), { mode: 0o600, flag: 'wx' });
    return stack;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const earlier = await readStack(data);
  if (earlier !== undefined) {
    if (await livesStill(earlier)) {
      const where = earlier.edge === undefined ? '' : ` at ${earlier.edge}`;
      throw new StartError(`A stack already runs on ${data}${where} (process ${earlier.pid}). Stop it first, or choose another folder with --data DIR.`);
    }
    await endLeftovers(earlier);
    await rm(stackPath(data));
  }
  return takeStack(data, startedAt);
};

/** Readers see the old record or the new one. */
export const recordStack = async (stack: Stack): Promise<void> => {
  const draft = `${stackPath(stack.data)}.${stack.pid}`;
  await writeFile(draft, textOf(stack), { mode: 0o600 });
  await rename(draft, stackPath(stack.data));
};

export const releaseStack = (data: string): Promise<void> => rm(stackPath(data), { force: true });
