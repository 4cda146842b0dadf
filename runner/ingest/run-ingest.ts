import type { IngestPayload, IngestRequest, TaskError } from '../../shared/events.ts';
import { ingestPayloadSchema } from '../../shared/events.ts';
import type { TaskCounts } from '../../shared/http/tasks.ts';
import { limits } from '../../shared/limits.ts';
import { locate } from '../../shared/space-key.ts';
import { ExtractError } from '../extract/extract.ts';
import type { Embedder } from '../ports/embedder.ts';
import { getJson } from '../records/json-blob.ts';
import { type TaskRecords, type TaskResult, taskRecords } from '../records/task-records.ts';
import type { Change } from '../store/commit.ts';
import type { CommitQueue } from '../store/commit-queue.ts';
import type { Places } from '../store/spaces.ts';
import { prepareDocument } from './prepare.ts';

export interface RunIngestDeps {
  places: Places;
  queue: CommitQueue;
  embedder: Embedder;
  nowMs: () => number;
}

/**
 * An ingest event, from payload to published version to ended task. May run any number of times, anywhere: a task that
 * has ended is left alone, and documents that are stored already are not written again.
 * @param seq the spine's stamp, Unix microseconds
 * @throws when trying again later can help
 */
export const runIngest = async (deps: RunIngestDeps, request: IngestRequest, seq: number): Promise<void> => {
  const tasks = taskRecords(deps.places.blobs(request.requested_by), request.requested_by, deps.nowMs);
  if (await tasks.isFinal(request.task_id)) return;
  const attempts = ((await tasks.progressOf(request.task_id))?.attempts ?? 0) + 1;
  const blobs = deps.places.blobs(request.space);
  const payloadName = request.payload_ref === undefined ? undefined : `${locate(request.space).payloads}/${request.payload_ref}`;

  const finish = async (result: Omit<TaskResult, 'attempts' | 'updated_at'>): Promise<void> => {
    await tasks.finish(request.task_id, { ...result, attempts, updated_at: new Date(deps.nowMs()).toISOString() });
    if (payloadName !== undefined) await blobs.delete(payloadName);
  };

  const payload = request.payload ?? (payloadName === undefined ? undefined : await getJson(blobs, payloadName, ingestPayloadSchema));
  if (payload === undefined) {
    const lost: TaskError = { doc_id: null, code: 'nexus.internal', message: 'The stored payload of this request is gone. Send it again.' };
    return finish({ status: 'failed', counts: { documents: 0, chunks: 0, written: 0, superseded: 0, failed: 0 }, commit_version: null, errors: [lost] });
  }

  const { change, errors, chunks } = await prepareAll(deps, request, seq, payload, tasks, attempts);
  const result = change.documents.length === 0 ? { version: null, written: [], superseded: [] } : await deps.queue.submit(request.space, change);
  const documents = payload.documents.length + payload.refused.length;
  await finish({
    status: errors.length === 0 ? 'succeeded' : errors.length === documents ? 'failed' : 'partial',
    counts: { documents, chunks, written: result.written.length, superseded: result.superseded.length, failed: errors.length },
    commit_version: result.version,
    errors: errors.slice(0, limits.taskErrors),
  });
};

/** How often a long task says how far it is. */
const progressEveryMs = 1_000;

const prepareAll = async (
  deps: RunIngestDeps,
  request: IngestRequest,
  seq: number,
  payload: IngestPayload,
  tasks: TaskRecords,
  attempts: number,
): Promise<{ change: Change; errors: TaskError[]; chunks: number }> => {
  const settings = await deps.places.space(request.space).records.settings.read();
  if (settings === undefined) throw new Error(`space ${request.space.space_id} has an accepted request but no settings`);
  const prepareDeps = { blobs: deps.places.blobs(request.space), embedder: deps.embedder, fields: settings.value.fields };
  const order = { seq, task_id: request.task_id };
  const change: Change = { ...order, documents: [] };
  const errors = [...payload.refused];
  const counts: TaskCounts = { documents: payload.documents.length + payload.refused.length, chunks: 0, written: 0, superseded: 0, failed: errors.length };

  let saidMs = Number.NEGATIVE_INFINITY;
  for (const document of payload.documents) {
    if (deps.nowMs() - saidMs > progressEveryMs) {
      saidMs = deps.nowMs();
      await tasks.progress(request.task_id, { attempts, counts, updated_at: new Date(saidMs).toISOString() });
    }
    try {
      const rows = await prepareDocument(prepareDeps, document, request.chunking ?? {}, order);
      counts.chunks += rows.length;
      change.documents.push({ doc_id: document.id, rows });
    } catch (error) {
      if (!(error instanceof ExtractError)) throw error;
      errors.push({ doc_id: document.id, code: error.code, message: error.message });
      counts.failed = errors.length;
    }
  }
  return { change, errors, chunks: counts.chunks };
};
