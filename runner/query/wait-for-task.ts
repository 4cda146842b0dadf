import { setTimeout as sleep } from 'node:timers/promises';
import { NexusError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { isFinalTask, type TaskRecords } from '../records/task-records.ts';

const firstPollMs = 20;
const slowestPollMs = 250;

/**
 * Read-your-writes across asynchronous ingestion: returns when the task's effect is published.
 * @throws NexusError 409 `nexus.not_yet_visible` when it failed or takes longer than `limits.afterTaskWaitMs`, 404 when there is none
 */
export const waitForTask = async (tasks: TaskRecords, taskId: string): Promise<void> => {
  const deadlineMs = performance.now() + limits.afterTaskWaitMs;
  for (let pollMs = firstPollMs; ; pollMs = Math.min(pollMs * 1.5, slowestPollMs)) {
    const task = await tasks.read(taskId);
    if (task === undefined) throw new NexusError('nexus.not_found', 'after_task names no task of this context.');
    if (task.status === 'failed')
      throw new NexusError('nexus.not_yet_visible', `The task ${taskId} failed, so nothing of it will become visible. See GET /nexus/tasks/${taskId}.`);
    if (isFinalTask(task)) return;
    if (performance.now() + pollMs > deadlineMs)
      throw new NexusError('nexus.not_yet_visible', `The task ${taskId} is still ${task.status}. Try again.`, { retryAfterSeconds: 1 });
    await sleep(pollMs);
  }
};
