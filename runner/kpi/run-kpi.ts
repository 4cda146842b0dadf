import { type KpiPayload, type KpiRequest, type KpiSeries, kpiPayloadSchema, type TaskError } from '../../shared/events.ts';
import { limits } from '../../shared/limits.ts';
import { ExtractError } from '../extract/extract-error.ts';
import { bytesAt } from '../ingest/document-source.ts';
import type { Blobs } from '../ports/blobs.ts';
import type { Log } from '../ports/log.ts';
import type { CommitQueue } from '../store/commit-queue.ts';
import { isOver, lostPayload, noCounts, runTask, wentWithSpace } from '../tasks/run-task.ts';
import { type DeriveDeps, type DerivedFacts, deriveFacts, type Given } from './derive-facts.ts';
import { unpackNumbers } from './packed-numbers.ts';
import { rowsOfFile, UnusableFileError } from './read-file.ts';
import { judgeRows, type Refused } from './rows.ts';
import { type Series, seriesName } from './series.ts';

export interface RunKpiDeps extends DeriveDeps {
  queue: CommitQueue;
  log: Log;
}

/**
 * A KPI event, from measurements to published facts to ended task. May run any number of times, anywhere, in any order
 * with others: the facts are always those of everything that was measured.
 * @param seq the spine's stamp, Unix microseconds
 * @throws when trying again later can help
 */
export const runKpi = (deps: RunKpiDeps, request: KpiRequest, seq: number): Promise<void> =>
  runTask(deps, request, request.payload_ref, async (run) => {
    const payload = request.payload ?? (await run.payload(kpiPayloadSchema));
    if (isOver(request.epoch, (await deps.places.space(request.space).records.settings.read())?.value)) return wentWithSpace(run);
    if (payload === undefined) return lostPayload();
    const { given, refused } = await readAll(deps.places.blobs(request.space), payload);
    const rows = given.reduce((sum, { at }) => sum + at.length, 0);
    const failed = { ...noCounts, failed: refused.rows };
    if (rows === 0 && refused.rows > 0) return { status: 'failed', counts: failed, commit_version: null, errors: refused.errors };

    const order = { seq, task_id: request.task_id };
    const place = deps.places.space(request.space);
    let derived: DerivedFacts | undefined;
    const { version, written } = await deps.queue.submit(request.space, {
      ...order,
      kind: 'derive',
      epoch: request.epoch,
      derive: async (published) => {
        derived = await deriveFacts(deps, place, request.epoch, order, given, published);
        return derived;
      },
    });
    const facts = derived?.facts ?? 0;
    return {
      status: refused.rows === 0 ? 'succeeded' : 'partial',
      counts: { ...failed, documents: facts, chunks: facts, written },
      commit_version: version,
      errors: refused.errors,
    };
  });

/** Every series of a request, those in files read. */
const readAll = async (blobs: Blobs, payload: KpiPayload): Promise<{ given: Given; refused: Refused }> => {
  const all: Refused = { errors: [...payload.refused], rows: payload.refused_rows };
  const given: Given = [];
  let room: number = limits.kpiMeasurements;
  for (const one of payload.series) {
    const { series, refused } = await readSeries(blobs, one, room);
    room -= series.at.length;
    given.push({ metric: one.metric, dimensions: one.dimensions, ...series });
    all.errors.push(...refused.errors.slice(0, limits.taskErrors - all.errors.length));
    all.rows += refused.rows;
  }
  return { given, refused: all };
};

const nothing = (): Series => ({ at: new Float64Array(), value: new Float64Array() });

const readSeries = async (blobs: Blobs, series: KpiSeries, room: number): Promise<{ series: Series; refused: Refused }> => {
  const { at, value, blob } = series;
  if (blob === undefined) return { series: { at: unpackNumbers(at ?? ''), value: unpackNumbers(value ?? '') }, refused: { errors: [], rows: 0 } };
  try {
    return await judgeRows(rowsOfFile(await bytesAt(blob.location, blobs), room), { ...series, fromText: true });
  } catch (error) {
    if (!(error instanceof UnusableFileError) && !(error instanceof ExtractError)) throw error;
    // A file counts as one row that could not be used.
    const refusal: TaskError = { doc_id: seriesName(series), code: 'nexus.validation_failed', message: `${blob.ref}: ${error.message}` };
    return { series: nothing(), refused: { errors: [refusal], rows: 1 } };
  }
};
