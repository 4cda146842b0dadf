import { maintenanceEvent } from '../../shared/events.ts';
import { newId } from '../../shared/ids.ts';
import { NEXUS_STORE, type Registry } from '../../shared/routes.ts';
import type { Blobs } from '../ports/blobs.ts';
import type { Events } from '../ports/events.ts';
import { dueMarks } from '../records/due-marks.ts';

export interface SweepDeps {
  registry: () => Registry;
  blobsAt: (root: string) => Blobs;
  events: Events;
  nowMs: () => number;
}

/** Marks taken up by one sweep; the next one goes on. */
const perSweep = 500;

/** Does what is due without anybody asking: spaces that hold bytes of deleted rows are asked to let go of them. */
export const sweep = async ({ registry, blobsAt, events, nowMs }: SweepDeps): Promise<{ erasing: number }> => {
  const roots = new Set(
    registry()
      .routes.filter(({ kind }) => kind === NEXUS_STORE)
      .map(({ root }) => root),
  );
  let erasing = 0;
  for (const root of roots) {
    for (const { space, done } of await dueMarks(blobsAt(root), nowMs(), perSweep)) {
      await events.publish(maintenanceEvent(space, true, newId('event', nowMs()), nowMs()));
      await done();
      erasing += 1;
    }
  }
  return { erasing };
};
