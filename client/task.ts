import { finalStatuses, type Task } from '../shared/http/tasks.ts';
import { limits } from '../shared/limits.ts';
import { NexusTimeoutError } from './errors.ts';
import type { CallOptions, Transport } from './transport.ts';

export interface WaitOptions extends CallOptions {
  /** Called with every state that is seen, the last one included. */
  onProgress?: ((task: Task) => void) | undefined;
}

export const isFinal = (task: Task): boolean => finalStatuses.includes(task.status);

export const getTask = (transport: Transport, taskId: string, { signal, timeoutMs }: CallOptions = {}): Promise<Task> =>
  transport.json({ method: 'GET', path: `/nexus/tasks/${encodeURIComponent(taskId)}`, repeatable: true, signal, timeoutMs });

/**
 * Asks until the task has ended, whichever way.
 * @throws NexusTimeoutError when it has not within `timeoutMs` (default `limits.clientTaskWaitMs`)
 */
export const waitForTask = async (transport: Transport, taskId: string, options: WaitOptions = {}): Promise<Task> => {
  const { signal, onProgress, timeoutMs = limits.clientTaskWaitMs } = options;
  const deadline = transport.now() + timeoutMs;
  for (let pauseMs: number = limits.clientTaskPollMs; ; pauseMs = Math.min(limits.clientTaskPollMaxMs, pauseMs * 1.5)) {
    const task = await getTask(transport, taskId, { signal });
    onProgress?.(task);
    if (isFinal(task)) return task;
    const leftMs = deadline - transport.now();
    if (leftMs <= 0) throw new NexusTimeoutError(`Task ${taskId} is still ${task.status} after ${timeoutMs} ms. It goes on; ask again.`);
    await transport.sleep(Math.min(pauseMs, leftMs), signal);
  }
};
