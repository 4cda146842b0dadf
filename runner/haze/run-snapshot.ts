import { NexusError } from '../../shared/errors.ts';
import type { HazeRequest } from '../../shared/events.ts';
import type { SpaceKey } from '../../shared/space-key.ts';
import type { Log } from '../ports/log.ts';
import { readAgainWhenGone } from '../store/read-again.ts';
import type { Places } from '../store/spaces.ts';
import { noCounts, runTask } from '../tasks/run-task.ts';
import { hasChangedEnough } from './changed-enough.ts';
import type { StoredSnapshot } from './snapshots.ts';
import { type TakeSnapshotDeps, takeSnapshot } from './take-snapshot.ts';

export interface RunSnapshotDeps extends TakeSnapshotDeps {
  places: Places;
  log: Log;
  /** Lets one map at a time be made in a process: each needs a core and hundreds of megabytes. */
  oneMapAtATime: <T>(work: () => Promise<T>) => Promise<T>;
}

const take = (deps: RunSnapshotDeps, key: SpaceKey): Promise<StoredSnapshot | undefined> =>
  deps.oneMapAtATime(() => readAgainWhenGone(false, () => takeSnapshot(deps, key)));

/** A map that is there already must not go on showing, or keeping, what is no more. */
export const redrawWhatIsDrawn = async (deps: RunSnapshotDeps, key: SpaceKey): Promise<void> => {
  if ((await deps.snapshots.newest(key)) !== undefined) await take(deps, key);
};

/** A snapshot event: somebody's, or one that is due by itself, which is passed over when the space has changed little. */
export const runSnapshot = async (deps: RunSnapshotDeps, request: HazeRequest): Promise<void> => {
  if (!('task_id' in request)) {
    if (await hasChangedEnough(deps, request.space)) await take(deps, request.space);
    return;
  }
  await runTask(deps, request, undefined, async () => {
    const taken = await take(deps, request.space);
    return {
      status: 'succeeded',
      counts: { ...noCounts, chunks: taken?.value.points ?? 0 },
      commit_version: taken?.value.space_version ?? null,
      errors: [],
    };
  });
};

/** Waiting maps hold messages that others could be worked on for: further ones wait with the spine. */
const mostWaiting = 4;

/** One after the other, in the order of asking. The function throws NexusError 503 when too many wait already. */
export const inTurn = (): RunSnapshotDeps['oneMapAtATime'] => {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return (work) => {
    if (waiting > mostWaiting) throw new NexusError('nexus.overloaded', 'Other maps are being made. Deliver this one again.', { retryAfterSeconds: 5 });
    waiting += 1;
    const mine = last.then(work).finally(() => {
      waiting -= 1;
    });
    last = mine.catch(() => undefined);
    return mine;
  };
};
