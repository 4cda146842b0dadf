import { type MaintenanceStage, maintenanceEvent } from '../../shared/events.ts';
import { newId } from '../../shared/ids.ts';
import { type SpaceKey, spaceKeyText } from '../../shared/space-key.ts';
import type { Events } from '../ports/events.ts';
import type { Log } from '../ports/log.ts';
import type { NexusVectorStore } from '../ports/vector-store.ts';
import type { CommitDeps } from '../store/commit.ts';
import type { CommitQueue } from '../store/commit-queue.ts';
import { becameDue, maintain } from '../store/maintain.ts';

export interface RunMaintenanceDeps {
  store: NexusVectorStore;
  queue: CommitQueue;
  nowMs: () => number;
  log: Log;
}

/** Maintenance is an event like any other: it waits its turn for the space's lease, and may come twice. */
export const runMaintenance = async ({ store, queue, nowMs, log }: RunMaintenanceDeps, space: SpaceKey, stage?: MaintenanceStage): Promise<void> => {
  const outcome = await queue.withLease(space, (place) => maintain({ store, nowMs }, place, stage));
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
