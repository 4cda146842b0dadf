import type { z } from 'zod';
import type { TaskError, TaskRequest } from '../../shared/events.ts';
import type { TaskCounts } from '../../shared/http/tasks.ts';
import { limits } from '../../shared/limits.ts';
import { locate } from '../../shared/space-key.ts';
import type { Log } from '../ports/log.ts';
import { getJson, unlessDamaged } from '../records/json-blob.ts';
import { type TaskResult, taskRecords } from '../records/task-records.ts';
import type { Places } from '../store/spaces.ts';

export const noCounts: TaskCounts = { documents: 0, chunks: 0, written: 0, superseded: 0, failed: 0 };

export type Outcome = Omit<TaskResult, 'attempts' | 'updated_at'>;

/** What the work of a task may use. */
export interface TaskRun {
  /** The stored payload, if the event has not carried it. Undefined: it is gone or damaged. */
  payload<T>(schema: z.ZodType<T>): Promise<T | undefined>;
  /** Says how far the work is; informs, and no more. */
  progress(counts: TaskCounts): Promise<void>;
}

export const lostPayload = (): Outcome => {
  const lost: TaskError = { doc_id: null, code: 'nexus.internal', message: 'The stored payload of this request is gone or damaged. Send it again.' };
  return { status: 'failed', counts: noCounts, commit_version: null, errors: [lost] };
};

/**
 * Carries out an accepted request and ends its task. A task that has ended is left alone, so an event may come any
 * number of times.
 * @throws when trying again later can help; the task stays open
 */
export const runTask = async (
  { places, nowMs, log }: { places: Places; nowMs: () => number; log: Log },
  request: TaskRequest['data'],
  payloadRef: string | undefined,
  work: (run: TaskRun) => Promise<Outcome>,
): Promise<void> => {
  const tasks = taskRecords(places.blobs(request.requested_by), request.requested_by, nowMs);
  const [isFinal, progress] = await Promise.all([tasks.isFinal(request.task_id), tasks.progressOf(request.task_id)]);
  if (isFinal) return;
  const attempts = (progress?.attempts ?? 0) + 1;
  const blobs = places.blobs(request.space);
  const payloadName = payloadRef === undefined ? undefined : `${locate(request.space).payloads}/${payloadRef}`;
  const now = (): string => new Date(nowMs()).toISOString();

  const outcome = await work({
    async payload(schema) {
      if (payloadName === undefined) return undefined;
      const damaged = (error: Error) => log.error('task.damaged_payload', { task_id: request.task_id, error: error.message });
      return unlessDamaged(getJson(blobs, payloadName, schema), damaged);
    },
    progress: (counts) => tasks.progress(request.task_id, { attempts, counts, updated_at: now() }),
  });
  await tasks.finish(request.task_id, { ...outcome, errors: outcome.errors.slice(0, limits.taskErrors), attempts, updated_at: now() });
  if (payloadName !== undefined) await blobs.delete(payloadName);
};
