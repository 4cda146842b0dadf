import { z } from 'zod';
import { taskErrorSchema } from '../../shared/events.ts';
import { type Task, taskCountsSchema, taskKindSchema, taskStatusSchema } from '../../shared/http/tasks.ts';
import { complementTaskId, taskIdPattern, taskIdTimeMs } from '../../shared/ids.ts';
import { limits } from '../../shared/limits.ts';
import { type Area, locateArea, scopeSchema } from '../../shared/space-key.ts';
import { finalStatuses } from '../../shared/task-status.ts';
import type { Blobs } from '../ports/blobs.ts';
import { getJson, putJson, putJsonIfAbsent, unlessDamaged } from './json-blob.ts';

/**
 * A task is three small records in a folder of its own, each with one writer's rule: `accepted` is written once at
 * acceptance, `progress` is overwritten and only informs, `result` is written once and is final. So a redelivered
 * event can neither reopen a task nor change what it ended as.
 */
const acceptedSchema = z.object({
  task_id: z.string(),
  kind: taskKindSchema,
  space_id: z.string(),
  scope: scopeSchema,
  documents: z.number().int(),
  created_at: z.string(),
});
export type AcceptedTask = z.infer<typeof acceptedSchema>;

const progressSchema = z.object({ attempts: z.number().int(), counts: taskCountsSchema, updated_at: z.string() });
export type TaskProgress = z.infer<typeof progressSchema>;

const resultSchema = z.object({
  status: taskStatusSchema,
  counts: taskCountsSchema,
  commit_version: z.number().int().nullable(),
  attempts: z.number().int(),
  errors: z.array(taskErrorSchema),
  updated_at: z.string(),
});
export type TaskResult = z.infer<typeof resultSchema>;

export interface TaskRecords {
  accept(task: AcceptedTask): Promise<void>;
  /** Takes an acceptance back that nobody was told of. */
  forget(taskId: string): Promise<void>;
  progress(taskId: string, progress: TaskProgress): Promise<void>;
  /** Undefined also when the record is damaged: it only informs, and the next one replaces it. */
  progressOf(taskId: string): Promise<TaskProgress | undefined>;
  /** @returns false when the task had ended already; it stays as it ended */
  finish(taskId: string, result: TaskResult): Promise<boolean>;
  isFinal(taskId: string): Promise<boolean>;
  /** Undefined: it has not ended, or its record is damaged. */
  endedAs(taskId: string): Promise<TaskResult['status'] | undefined>;
  /** A task that was given up is open again; one that ended otherwise stays as it ended. */
  reopen(taskId: string): Promise<void>;
  read(taskId: string): Promise<Task | undefined>;
  /** Ids, newest first. */
  list(after: string | undefined, limit: number): Promise<string[]>;
}

const queuedCounts = (documents: number) => ({ documents, chunks: 0, written: 0, superseded: 0, failed: 0 });

/** @param blobs rooted at the root of the area's blob route */
export const taskRecords = (blobs: Blobs, area: Area, nowMs: () => number): TaskRecords => {
  const { tasks } = locateArea(area);
  const nameOf = (taskId: string, part: 'accepted' | 'progress' | 'result'): string => `${tasks}/${complementTaskId(taskId)}/${part}.json`;
  const isExpired = (taskId: string): boolean => nowMs() - taskIdTimeMs(taskId) > limits.taskTtlMs;

  const endedAs = async (taskId: string) => (await unlessDamaged(getJson(blobs, nameOf(taskId, 'result'), resultSchema)))?.status;
  const progressOf = (taskId: string) => unlessDamaged(getJson(blobs, nameOf(taskId, 'progress'), progressSchema));

  return {
    async accept(task) {
      await putJsonIfAbsent(blobs, nameOf(task.task_id, 'accepted'), task);
    },
    forget: (taskId) => blobs.delete(nameOf(taskId, 'accepted')),
    progress: (taskId, progress) => putJson(blobs, nameOf(taskId, 'progress'), progress),
    progressOf,
    finish: (taskId, result) => putJsonIfAbsent(blobs, nameOf(taskId, 'result'), result),
    isFinal: (taskId) => blobs.exists(nameOf(taskId, 'result')),
    endedAs,
    async reopen(taskId) {
      if ((await endedAs(taskId)) === 'failed') await blobs.delete(nameOf(taskId, 'result'));
    },

    async read(taskId) {
      if (!taskIdPattern.test(taskId) || isExpired(taskId)) return undefined;
      const [accepted, progress, result] = await Promise.all([
        getJson(blobs, nameOf(taskId, 'accepted'), acceptedSchema),
        progressOf(taskId),
        getJson(blobs, nameOf(taskId, 'result'), resultSchema),
      ]);
      if (accepted === undefined) return undefined;
      const { documents, ...known } = accepted;
      const begun = {
        status: progress === undefined ? ('queued' as const) : ('running' as const),
        counts: progress?.counts ?? queuedCounts(documents),
        commit_version: null,
        attempts: progress?.attempts ?? 0,
        errors: [],
        updated_at: progress?.updated_at ?? accepted.created_at,
      };
      return { ...known, ...begun, ...result };
    },

    async list(after, limit) {
      const folders = await blobs.list(tasks, { folders: true, limit, ...(after === undefined ? {} : { after: complementTaskId(after) }) });
      return folders.map(complementTaskId).filter((taskId) => taskIdPattern.test(taskId) && !isExpired(taskId));
    },
  };
};

export const isFinalTask = (task: Task): boolean => finalStatuses.includes(task.status);
