import type { z } from 'zod';
import { areaOf, type RequestContext } from '../../shared/context.ts';
import { NexusError } from '../../shared/errors.ts';
import { endpoints, pagedRequest } from '../../shared/http/endpoints.ts';
import type { Task, tasksQuerySchema, tasksResponseSchema } from '../../shared/http/tasks.ts';
import { limits } from '../../shared/limits.ts';
import type { Log } from '../ports/log.ts';
import { unlessDamaged } from '../records/json-blob.ts';
import { type NameWalkDeps, nameWalk } from '../records/name-walk.ts';
import { taskRecords } from '../records/task-records.ts';
import type { Places } from '../store/spaces.ts';

/** @throws NexusError 404: unknown, or another context's, which is the same */
export const getTask = async ({ places, nowMs }: { places: Places; nowMs: () => number }, context: RequestContext, taskId: string): Promise<Task> => {
  const area = areaOf(context);
  const task = await taskRecords(places.blobs(area), area, nowMs).read(taskId);
  if (task === undefined) throw new NexusError('nexus.not_found', 'There is no such task in this context. Tasks are kept for 30 days.');
  return task;
};

/** Tasks looked at for one page: with a filter that matches few, a page may be short and still have a next one. */
const scanned = 500;

/** Tasks of one context, newest first. */
export const listTasks = async (
  deps: NameWalkDeps & { places: Places; log: Log },
  context: RequestContext,
  query: z.infer<typeof tasksQuerySchema>,
): Promise<z.infer<typeof tasksResponseSchema>> => {
  const area = areaOf(context);
  const paged = pagedRequest(endpoints.listTasks, context, { params: {}, query }) ?? { fields: query, locations: [] };
  const walk = nameWalk(deps, endpoints.listTasks.id, paged);
  const limit = query.limit ?? limits.defaultLimit;
  const records = taskRecords(deps.places.blobs(area), area, deps.nowMs);
  const ids = await records.list(walk.after, scanned + 1);
  const tasks: Task[] = [];
  let last: string | undefined;
  for (const taskId of ids.slice(0, scanned)) {
    if (tasks.length === limit) break;
    last = taskId;
    // One damaged record must not hide all others.
    const task = await unlessDamaged(records.read(taskId), (error) => deps.log.error('tasks.damaged_record', { task_id: taskId, error: error.message }));
    if (task === undefined || (query.space_id ?? task.space_id) !== task.space_id || (query.status ?? task.status) !== task.status) continue;
    tasks.push(task);
  }
  const more = last !== undefined && last !== ids.at(-1);
  return { tasks, next_cursor: more && last !== undefined ? walk.next(last) : null };
};
