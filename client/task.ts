import type { Task } from '../shared/http/tasks.ts';
import { limits } from '../shared/limits.ts';
import { finalStatuses } from '../shared/task-status.ts';
import { NexusTimeoutError } from './errors.ts';
import type { Call, CallOptions, Transport } from './transport.ts';

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

/** A request that was accepted: durable, and carried out whatever becomes of this program. */
export class AcceptedTask {
  readonly task_id: string;
  /** Not among its fields: it prints, and goes into JSON, as the API's answer. */
  readonly #transport: Transport;

  constructor(transport: Transport, taskId: string) {
    this.#transport = transport;
    this.task_id = taskId;
  }

  /** How it is doing now. */
  read(options: CallOptions = {}): Promise<Task> {
    return getTask(this.#transport, this.task_id, options);
  }

  /** Resolves when it has ended, also as `partial` or `failed`; what it wrote is then found by every query. */
  wait(options: WaitOptions = {}): Promise<Task> {
    return waitForTask(this.#transport, this.task_id, options);
  }
}

/** Sends what is answered with 202; its retries share one idempotency key, so that it is accepted once. */
export const accepted = async (transport: Transport, call: Omit<Call, 'repeatable'>, idempotencyKey: string = crypto.randomUUID()): Promise<AcceptedTask> => {
  const headers = { ...call.headers, 'idempotency-key': idempotencyKey };
  const { task_id } = await transport.json<{ task_id: string }>({ ...call, headers, repeatable: true });
  return new AcceptedTask(transport, task_id);
};
