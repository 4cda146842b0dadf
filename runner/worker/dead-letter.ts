import { z } from 'zod';
import type { NexusEvent, TaskRequest } from '../../shared/events.ts';
import { locateArea, type SpaceKey, sameSpace, spaceKeySchema } from '../../shared/space-key.ts';
import { getJson, putJson, unlessDamaged } from '../records/json-blob.ts';
import { taskRecords } from '../records/task-records.ts';
import type { Places } from '../store/spaces.ts';
import type { Salvaged } from './salvage.ts';

/** Whether somebody was answered 202 for it. */
export const isTaskEvent = (event: NexusEvent): event is NexusEvent & { data: TaskRequest['data'] } => 'task_id' in event.data;

const recordOf = ({ task_id, requested_by }: TaskRequest['data']): string => `${locateArea(requested_by).deadLetters}/${task_id}.json`;

/** A request that cannot be carried out as things are: its task ends as failed, and the message is kept, to be looked at and replayed. */
export const buryRequest = async (
  places: Places,
  nowMs: () => number,
  event: NexusEvent & { data: TaskRequest['data'] },
  seq: number,
  why: string,
): Promise<void> => {
  const { task_id, requested_by } = event.data;
  const blobs = places.blobs(requested_by);
  // A last try may have been at work while it was given up.
  if (await taskRecords(blobs, requested_by, nowMs).isFinal(task_id)) return;
  await putJson(blobs, recordOf(event.data), { event, seq, buried_at: new Date(nowMs()).toISOString() });
  await failTask(places, nowMs, event.data, `${why} It is kept for the operator; send it again if you need it now.`);
};

/**
 * Opens the task of a dead letter that is delivered again because an operator wants it. Whatever happens in between, the
 * record goes last: until then the next delivery does the same.
 */
export const reopenBuried = async (places: Places, nowMs: () => number, request: TaskRequest['data']): Promise<void> => {
  const blobs = places.blobs(request.requested_by);
  if (!(await blobs.exists(recordOf(request)))) return;
  await taskRecords(blobs, request.requested_by, nowMs).reopen(request.task_id);
  await blobs.delete(recordOf(request));
};

const letterSchema = z.object({ event: z.object({ data: z.object({ space: spaceKeySchema, epoch: z.number() }) }) });

/** Dead letters hold what was to be written: those of earlier lives of a space go with it, as far as they lie in its own area. */
export const removeEarlierLetters = async (places: Places, space: SpaceKey, epoch: number): Promise<void> => {
  const blobs = places.blobs(space);
  const { deadLetters } = locateArea(space);
  for (const name of await blobs.list(deadLetters)) {
    const letter = await unlessDamaged(getJson(blobs, `${deadLetters}/${name}`, letterSchema));
    if (letter === undefined || !sameSpace(letter.event.data.space, space) || letter.event.data.epoch >= epoch) continue;
    await blobs.delete(`${deadLetters}/${name}`);
  }
};

/** An event that arrived damaged can never be carried out: the task that it was for ends as failed. */
export const failDamaged = (places: Places, nowMs: () => number, request: Salvaged): Promise<void> =>
  failTask(places, nowMs, request, 'The stored event of this request was damaged. Send it again.');

const failTask = async (places: Places, nowMs: () => number, { task_id, requested_by }: Salvaged, message: string): Promise<void> => {
  const tasks = taskRecords(places.blobs(requested_by), requested_by, nowMs);
  const progress = await tasks.progressOf(task_id);
  await tasks.finish(task_id, {
    status: 'failed',
    counts: progress?.counts ?? { documents: 0, chunks: 0, written: 0, superseded: 0, failed: 0 },
    commit_version: null,
    attempts: progress?.attempts ?? 0,
    errors: [
      {
        doc_id: null,
        code: 'nexus.internal',
        message,
      },
    ],
    updated_at: new Date(nowMs()).toISOString(),
  });
};
