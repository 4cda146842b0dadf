import { maintenanceEvent } from '../../shared/events.ts';
import { newId } from '../../shared/ids.ts';
import { NEXUS_BLOB_STORE, NEXUS_STORE, type Registry, type ResourceKind } from '../../shared/routes.ts';
import type { Blobs } from '../ports/blobs.ts';
import type { Events } from '../ports/events.ts';
import type { Log } from '../ports/log.ts';
import { dueMarks } from '../records/due-marks.ts';
import { removeExpired } from '../records/expiry.ts';

export interface SweepDeps {
  registry: () => Registry;
  blobsAt: (root: string) => Blobs;
  events: Events;
  nowMs: () => number;
  log: Log;
}

/** Marks and records taken up by one sweep, each; the next one goes on. */
const perSweep = 500;

/**
 * Does what is due without anybody asking: spaces that hold bytes of deleted rows are asked to let go of them, and
 * records whose lifetime is over go.
 */
export const sweep = async ({ registry, blobsAt, events, nowMs, log }: SweepDeps): Promise<{ erasing: number; expired: number }> => {
  const rootsOf = (wanted: ResourceKind): Set<string> => new Set(registry().routes.flatMap(({ kind, root }) => (kind === wanted ? [root] : [])));
  const damaged = (error: Error) => log.error('sweep.damaged_mark', { error: error.message });
  let erasing = 0;
  for (const root of rootsOf(NEXUS_STORE)) {
    for (const { space, stage, done } of await dueMarks(blobsAt(root), nowMs(), perSweep, damaged)) {
      await events.publish(maintenanceEvent(space, stage, newId('event', nowMs()), nowMs()));
      await done();
      erasing += 1;
    }
  }
  let expired = 0;
  for (const root of rootsOf(NEXUS_BLOB_STORE)) expired += await removeExpired(blobsAt(root), nowMs(), perSweep - expired);
  return { erasing, expired };
};
