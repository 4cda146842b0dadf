import { type IngestPayload, type IngestRequest, ingestPayloadSchema, type TaskError } from '../../shared/events.ts';
import type { TaskCounts } from '../../shared/http/tasks.ts';
import { limits } from '../../shared/limits.ts';
import { ExtractError } from '../extract/extract-error.ts';
import type { Embedders } from '../ports/embedder.ts';
import type { Log } from '../ports/log.ts';
import type { Reader } from '../ports/reader.ts';
import type { ChunkRow } from '../ports/vector-store.ts';
import type { Settings } from '../records/space-records.ts';
import type { Change } from '../store/changes.ts';
import type { CommitQueue } from '../store/commit-queue.ts';
import type { Places } from '../store/spaces.ts';
import { isOver, lostPayload, noCounts, runTask, type TaskRun, wentWithSpace } from '../tasks/run-task.ts';
import { DamagedContentError } from './document-source.ts';
import { embedDrafts, embedderOf } from './embed-drafts.ts';
import { type Finished, keptWork } from './kept-work.ts';
import { patientReader } from './patient-reader.ts';
import { type Draft, draftDocument } from './prepare.ts';

export interface RunIngestDeps {
  places: Places;
  queue: CommitQueue;
  embedders: Embedders;
  reader: Reader;
  /** How long a push may take. */
  pushDeadlineMs: number;
  nowMs: () => number;
  log: Log;
}

/**
 * An ingest event, from payload to published version to ended task. May run any number of times, anywhere: documents
 * that are stored already are not written again.
 * @param seq the spine's stamp, Unix microseconds
 * @throws when trying again later can help
 */
export const runIngest = (deps: RunIngestDeps, request: IngestRequest, seq: number): Promise<void> =>
  runTask(deps, request, request.payload_ref, async (run) => {
    const payload = request.payload ?? (await run.payload(ingestPayloadSchema));
    const settings = (await deps.places.space(request.space).records.settings.read())?.value;
    if (isOver(request.epoch, settings)) return wentWithSpace(run);
    if (payload === undefined) return lostPayload();
    const { change, errors, counts } = await prepareAll(deps, request, seq, payload, settings, run);
    const result = change.documents.length === 0 ? { version: null, written: 0, superseded: 0 } : await deps.queue.submit(request.space, change);
    return {
      status: errors.length === 0 ? 'succeeded' : errors.length === counts.documents ? 'failed' : 'partial',
      counts: { ...counts, written: result.written, superseded: result.superseded },
      commit_version: result.version,
      errors,
    };
  });

/** How often a long task says how far it is. */
const progressEveryMs = 1_000;

type Prepared = { change: Extract<Change, { kind: 'write' }>; errors: TaskError[]; counts: TaskCounts };

const prepareAll = async (
  deps: RunIngestDeps,
  request: IngestRequest,
  seq: number,
  payload: IngestPayload,
  settings: Settings | undefined,
  run: TaskRun,
): Promise<Prepared> => {
  const order = { seq, task_id: request.task_id };
  const prepareDeps = { reader: patientReader(deps.reader), blobs: deps.places.blobs(request.space), fields: settings?.fields ?? {} };
  const change: Prepared['change'] = { ...order, epoch: request.epoch, kind: 'write', documents: [] };
  const errors = [...payload.refused];
  const counts: TaskCounts = { ...noCounts, documents: payload.documents.length + payload.refused.length, failed: errors.length };

  const work = await keptWork(run, embedderOf(deps.embedders, settings, request.epoch), deps.pushDeadlineMs, deps.nowMs);
  const take = (one: Finished): void => {
    if ('error' in one) {
      errors.push(one.error);
      counts.failed = errors.length;
    } else {
      counts.chunks += one.rows.length;
      change.documents.push(one);
    }
  };
  let unkept: Finished[] = [];
  const finish = (docId: string, result: ChunkRow[] | ExtractError): void => {
    const one =
      result instanceof ExtractError
        ? { doc_id: docId, error: { doc_id: docId, code: result.code, message: result.message } }
        : { doc_id: docId, rows: result };
    unkept.push(one);
    take(one);
  };
  let waiting: Draft[] = [];
  const embedWaiting = async (): Promise<void> => {
    const drafts = waiting;
    waiting = [];
    const results = await embedDrafts(work.embedder, drafts, work.embeddingMs());
    for (const [index, { docId }] of drafts.entries()) finish(docId, results[index] as ChunkRow[] | ExtractError);
    await work.keep(unkept);
    unkept = [];
  };

  const chunksWaiting = (): number => waiting.reduce((sum, { texts }) => sum + texts.length, 0);

  let saidMs = Number.NEGATIVE_INFINITY;
  /** @param begun chunks of a document that is still being read */
  const progress = async (begun: number): Promise<void> => {
    if (deps.nowMs() - saidMs <= progressEveryMs) return;
    saidMs = deps.nowMs();
    await run.progress({ ...counts, chunks: counts.chunks + chunksWaiting() + begun });
  };
  for (const document of payload.documents) {
    await progress(0);
    const known = work.finished.get(document.id);
    if (known !== undefined) {
      take(known);
      continue;
    }
    await work.goOn();
    try {
      waiting.push(await draftDocument(prepareDeps, document, request.chunking ?? {}, order, progress));
    } catch (error) {
      if (!(error instanceof ExtractError)) throw error;
      if (error instanceof DamagedContentError) deps.log.error('ingest.damaged_content', { task_id: request.task_id, content: document.blob?.location });
      finish(document.id, error);
    }
    if (chunksWaiting() >= limits.embedTextsTogether || work.isDue()) await embedWaiting();
  }
  await embedWaiting();
  return { change, errors, counts };
};
