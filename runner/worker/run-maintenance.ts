import { type MaintenanceStage, maintenanceEvent } from '../../shared/events.ts';
import { newId } from '../../shared/ids.ts';
import { limits } from '../../shared/limits.ts';
import { type SpaceKey, spaceKeyText } from '../../shared/space-key.ts';
import { type RunSnapshotDeps, redrawWhatIsDrawn } from '../haze/run-snapshot.ts';
import type { Events } from '../ports/events.ts';
import type { Log } from '../ports/log.ts';
import type { NexusVectorStore } from '../ports/vector-store.ts';
import type { CommitDeps } from '../store/commit.ts';
import type { CommitQueue } from '../store/commit-queue.ts';
import { becameDue, maintain } from '../store/maintain.ts';

export interface RunMaintenanceDeps extends RunSnapshotDeps {
  store: NexusVectorStore;
  queue: CommitQueue;
}

/** Maintenance is an event like any other: it waits its turn for the space's lease, and may come twice. */
export const runMaintenance = async (deps: RunMaintenanceDeps, space: SpaceKey, stage?: MaintenanceStage): Promise<void> => {
  const { store, queue, snapshots, nowMs, log } = deps;
  const outcome = await queue.withLease(space, (place) => maintain({ store, nowMs }, place, stage));
  // A map holds titles and snippets of what it shows: what is deleted goes from the newest one, and the older ones go.
  if (stage === 'erase') await redrawWhatIsDrawn(deps, space);
  if (stage === 'prune') await snapshots.remove(space, nowMs() - limits.versionRetentionMs, 'superseded');
  for (const { step, error } of outcome?.failures ?? []) log.error('maintenance.step_failed', { space: spaceKeyText(space), step, error: String(error) });
};

/** After a commit that made it due. A request that is lost is made again by later commits. */
export const askForMaintenance =
  (events: Events, log: Log, nowMs: () => number): NonNullable<CommitDeps['published']> =>
  (key, head, writtenRows) => {
    if (!becameDue(head, writtenRows)) return;
    events
      .publish(maintenanceEvent(key, undefined, newId('event', nowMs()), nowMs()))
      .catch((error: unknown) => log.warn('maintenance.not_asked', { space: spaceKeyText(key), error: String(error) }));
  };
