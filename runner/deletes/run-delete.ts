import { NexusError } from '../../shared/errors.ts';
import { type DeleteRequest, type DeleteTarget, deleteTargetSchema } from '../../shared/events.ts';
import { parseFilter } from '../../shared/filter.ts';
import { removeUploads } from '../blobs/uploads.ts';
import type { Snapshots } from '../haze/snapshots.ts';
import type { Log } from '../ports/log.ts';
import type { MeasurementStore } from '../ports/measurements.ts';
import type { NexusVectorStore } from '../ports/vector-store.ts';
import { removeMetrics } from '../records/metric-records.ts';
import { removeEarlierTaskFiles } from '../records/task-files.ts';
import type { Change, ChangeResult } from '../store/changes.ts';
import type { CommitQueue } from '../store/commit-queue.ts';
import { eraseFiles } from '../store/erase.ts';
import type { Places } from '../store/spaces.ts';
import { isOver, lostPayload, noCounts, runTask, wentWithSpace } from '../tasks/run-task.ts';
import { removeEarlierLetters } from '../worker/dead-letter.ts';
import { beginLife } from './begin-life.ts';

export interface RunDeleteDeps {
  places: Places;
  store: NexusVectorStore;
  measurements: MeasurementStore;
  queue: CommitQueue;
  snapshots: Snapshots;
  nowMs: () => number;
  log: Log;
}

const changeOf = (target: DeleteTarget, order: { seq: number; task_id: string; epoch: number }): Change => {
  switch (target.kind) {
    case 'documents':
      return { ...order, kind: 'delete', doc_ids: target.doc_ids };
    case 'filter':
      return { ...order, kind: 'delete_where', filter: parseFilter(target.filter) };
    case 'space':
      return { ...order, kind: 'clear' };
  }
};

/** A delete event, from target to published version to ended task. May run any number of times, anywhere. */
export const runDelete = (deps: RunDeleteDeps, request: DeleteRequest, seq: number): Promise<void> =>
  runTask(deps, request, request.target_ref, async (run) => {
    const target = request.target ?? (await run.payload(deleteTargetSchema));
    if (target === undefined) {
      const settings = (await deps.places.space(request.space).records.settings.read())?.value;
      return isOver(request.epoch, settings) ? wentWithSpace(run) : lostPayload();
    }
    const { records } = deps.places.space(request.space);
    const begins = target.kind === 'space' ? { epoch: request.epoch, begunAt: target.accepted_at, taskId: request.task_id } : undefined;
    const life = begins === undefined ? undefined : await beginLife(records, begins);
    let result: ChangeResult;
    try {
      result = await deps.queue.submit(request.space, changeOf(target, { seq, task_id: request.task_id, epoch: request.epoch }));
    } catch (error) {
      // A literal that does not fit its field will not fit it next time either.
      if (!(error instanceof NexusError) || error.code !== 'nexus.filter_unsupported') throw error;
      return { status: 'failed', counts: noCounts, commit_version: null, errors: [{ doc_id: null, code: error.code, message: error.message }] };
    }
    if (target.kind === 'space') {
      await deps.queue.withLease(request.space, async (place) => {
        await eraseFiles(deps, place);
        await deps.measurements.erase(place.measurementsTable, request.epoch);
        await removeMetrics(place.records, request.epoch);
      });
      await removeEarlierTaskFiles(deps.places.blobs(request.space), request.space, request.epoch);
      // Two deletions at once begin one life: what was uploaded since it began is that life's.
      await removeUploads(deps.places.blobs(request.space), request.space, life ?? Date.parse(target.accepted_at));
      await removeEarlierLetters(deps.places, request.space, request.epoch);
      const head = await deps.places.space(request.space).records.head.read();
      await deps.snapshots.removeOtherLives(request.space, head?.value.incarnation);
    }
    return {
      status: 'succeeded',
      counts: { ...noCounts, documents: result.written + result.superseded, written: result.written, superseded: result.superseded },
      commit_version: result.version,
      errors: [],
    };
  });
