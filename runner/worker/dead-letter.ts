import type { NexusEvent, TaskRequest } from '../../shared/events.ts';
import { locateArea } from '../../shared/space-key.ts';
import { putJson } from '../records/json-blob.ts';
import { taskRecords } from '../records/task-records.ts';
import type { Places } from '../store/spaces.ts';

/** A request that was tried too often: its task ends as failed, and the message is kept, to be looked at and replayed. */
export const buryRequest = async (places: Places, nowMs: () => number, event: NexusEvent & { data: TaskRequest['data'] }, seq: number): Promise<void> => {
  const { task_id, requested_by } = event.data;
  const blobs = places.blobs(requested_by);
  await putJson(blobs, `${locateArea(requested_by).deadLetters}/${task_id}.json`, { event, seq, buried_at: new Date(nowMs()).toISOString() });
  const tasks = taskRecords(blobs, requested_by, nowMs);
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
        message: 'The request was tried many times without success. It is kept for the operator; send it again if you need it now.',
      },
    ],
    updated_at: new Date(nowMs()).toISOString(),
  });
};
