import type { Events } from '../ports/events.ts';
import type { Log } from '../ports/log.ts';
import type { Places } from '../store/spaces.ts';
import { type AskForSnapshot, askForSnapshot } from './ask-for-snapshot.ts';
import { createLiveRows, type ReadLiveRows } from './live-rows.ts';
import { inTurn, type RunSnapshotDeps } from './run-snapshot.ts';
import { createSnapshots, type Snapshots } from './snapshots.ts';

/** What this room keeps for the life of a process. */
export interface Haze {
  snapshots: Snapshots;
  liveRows: ReadLiveRows;
  askForSnapshot: AskForSnapshot;
  oneMapAtATime: RunSnapshotDeps['oneMapAtATime'];
}

/** @param isAutomatic whether spaces are drawn without anybody asking for it */
export const createHaze = (deps: { places: Places; events: Events; log: Log; nowMs: () => number }, isAutomatic: boolean): Haze => ({
  snapshots: createSnapshots(deps),
  liveRows: createLiveRows(),
  askForSnapshot: isAutomatic ? askForSnapshot(deps.events, deps.log, deps.nowMs) : () => undefined,
  oneMapAtATime: inTurn(),
});
