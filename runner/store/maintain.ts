import type { MaintenanceStage } from '../../shared/events.ts';
import { limits } from '../../shared/limits.ts';
import { formatMicros } from '../../shared/time.ts';
import type { MaintenanceOutcome, NexusVectorStore } from '../ports/vector-store.ts';
import { markDue } from '../records/due-marks.ts';
import { type Head, isLive } from '../records/space-records.ts';
import { dropOldTombstones } from '../records/tombstones.ts';
import { ConflictError, retryConflicts } from './conflict.ts';
import { publish, writerAt } from './publish.ts';
import type { SpacePlace } from './spaces.ts';

/** Rows written since the last maintenance that make it worth while: they are searched one by one until then. */
const dueRows = 256;
/** Commits since then: each left a fragment, and each fragment costs every search a read. */
const dueCommits = 32;

export const isMaintenanceDue = ({ unmaintained: { commits, rows } }: Pick<Head, 'unmaintained'>): boolean => rows >= dueRows || commits >= dueCommits;

/**
 * Whether a commit of so many rows is the one that made maintenance due, or every 32nd since: seldom enough not to
 * flood the spine, often enough that a lost event does not matter.
 */
export const becameDue = (head: Pick<Head, 'unmaintained'>, writtenRows: number): boolean => {
  const { commits, rows } = head.unmaintained;
  const before = { unmaintained: { commits: commits - 1, rows: rows - writtenRows } };
  return isMaintenanceDue(head) && (!isMaintenanceDue(before) || commits % dueCommits === 0);
};

/** A writer's clock and its commits may lie this far apart. */
const clockMarginMs = 10 * 60_000;

export interface MaintainDeps {
  store: NexusVectorStore;
  nowMs: () => number;
}

/**
 * Compacts, indexes and prunes a space and publishes the result. Versions that were current within
 * `limits.versionRetentionMs` stay, however long ago they were committed: a space that slept for a week keeps its
 * cursors at its first write.
 * @param stage `erase`: also rewrite what holds the bytes of deleted rows, and see to it that the versions of before go
 * @returns the steps that failed; undefined when there was nothing to do
 */
export const maintain = async (deps: MaintainDeps, place: SpacePlace, stage?: MaintenanceStage): Promise<MaintenanceOutcome | undefined> =>
  retryConflicts(() => maintainOnce(deps, place, stage));

const maintainOnce = async (
  { store, nowMs }: MaintainDeps,
  place: SpacePlace,
  stage: MaintenanceStage | undefined,
): Promise<MaintenanceOutcome | undefined> => {
  const { records, table } = place;
  const head = await records.head.read();
  if (!isLive(head?.value) || (head.value.unmaintained.commits === 0 && stage === undefined)) return undefined;
  const writer = await writerAt(store, table, head.value);
  const since = await records.head.currentSince(nowMs() - limits.versionRetentionMs);
  const pruneBefore = new Date((since ?? 0) - clockMarginMs);

  await dropOldTombstones(records, nowMs());

  const before = await writer.contentDigest();
  const outcome = await writer.maintain(head.value.table, pruneBefore, stage === 'erase');
  if ((await writer.contentDigest()) !== before) throw new ConflictError('rows changed under maintenance: somebody else committed');
  await publish(place, head, {
    ...head.value,
    version: outcome.version,
    published_at: formatMicros(nowMs() * 1000),
    unmaintained: { commits: 0, rows: 0 },
  });
  if (stage === 'erase') await markDue(records.blobs, records.key, 'prune', nowMs());
  return outcome;
};
