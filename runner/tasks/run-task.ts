import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { TaskError, TaskRequest } from '../../shared/events.ts';
import type { TaskCounts } from '../../shared/http/tasks.ts';
import { limits } from '../../shared/limits.ts';
import { locate } from '../../shared/space-key.ts';
import type { Log } from '../ports/log.ts';
import { getJson, putJson, unlessDamaged } from '../records/json-blob.ts';
import type { Settings } from '../records/space-records.ts';
import { removeTaskFiles, taskFolder } from '../records/task-files.ts';
import { type TaskResult, taskRecords } from '../records/task-records.ts';
import type { Places } from '../store/spaces.ts';

const keptPrefix = 'kept-';

export const noCounts: TaskCounts = { documents: 0, chunks: 0, written: 0, superseded: 0, failed: 0 };

export type Outcome = Omit<TaskResult, 'attempts' | 'updated_at'>;

/** What the work of a task may use. */
export interface TaskRun {
  /** Deliveries of this event, this one included, as far as they got to say so. */
  attempt: number;
  /** The stored payload, if the event has not carried it. Undefined: it is gone or damaged. */
  payload<T>(schema: z.ZodType<T>): Promise<T | undefined>;
  /** Says how far the work is; informs, and no more. */
  progress(counts: TaskCounts): Promise<void>;
  /** Keeps something for later deliveries of the event, until the task has ended. */
  keep(value: unknown): Promise<void>;
  /** What earlier deliveries have kept, as far as it is whole. */
  kept<T>(schema: z.ZodType<T>): Promise<T[]>;
  /** Documents that the request named when it was accepted. */
  acceptedDocuments(): Promise<number>;
}

/** Whether the life of the space that a request was accepted into is over. */
export const isOver = (epoch: number, settings: Settings | undefined): boolean => settings !== undefined && settings.epoch > epoch;

/** A request that went with its space: nothing of it is wanted any more. */
export const wentWithSpace = async (run: TaskRun): Promise<Outcome> => {
  const documents = await run.acceptedDocuments();
  return { status: 'succeeded', counts: { ...noCounts, documents, superseded: documents }, commit_version: null, errors: [] };
};

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
  const attempt = (progress?.attempts ?? 0) + 1;
  const blobs = places.blobs(request.space);
  const payloadName = payloadRef === undefined ? undefined : `${locate(request.space).payloads}/${payloadRef}`;
  const folder = taskFolder(request.space, request);
  const now = (): string => new Date(nowMs()).toISOString();
  const damaged = (error: Error) => log.error('task.damaged_payload', { task_id: request.task_id, error: error.message });
  let hasKept = false;

  /** What another delivery ended and, dying, left behind. A request that was given up is kept: it may be replayed. */
  const removeWhenEnded = async (): Promise<void> => {
    const status = await tasks.endedAs(request.task_id);
    if (status !== undefined && status !== 'failed') await removeTaskFiles(blobs, folder);
  };
  if (isFinal) return removeWhenEnded();

  const outcome = await work({
    attempt,
    async payload(schema) {
      return payloadName === undefined ? undefined : unlessDamaged(getJson(blobs, payloadName, schema), damaged);
    },
    progress: (counts) => tasks.progress(request.task_id, { attempts: attempt, counts, updated_at: now() }),
    async keep(value) {
      hasKept = true;
      await putJson(blobs, `${folder}/${keptPrefix}${randomUUID()}.json`, value);
    },
    async kept(schema) {
      if (attempt === 1) return [];
      const names = (await blobs.list(folder)).filter((name) => name.startsWith(keptPrefix));
      const values = await Promise.all(names.map((name) => unlessDamaged(getJson(blobs, `${folder}/${name}`, schema), damaged)));
      return values.filter((value) => value !== undefined);
    },
    acceptedDocuments: async () => (await tasks.read(request.task_id))?.counts.documents ?? 0,
  });
  const isEnded = await tasks.finish(request.task_id, { ...outcome, errors: outcome.errors.slice(0, limits.taskErrors), attempts: attempt, updated_at: now() });
  if (!isEnded) return removeWhenEnded();
  if (payloadName !== undefined) await blobs.delete(payloadName);
  if (hasKept || attempt > 1) await removeTaskFiles(blobs, folder);
};
