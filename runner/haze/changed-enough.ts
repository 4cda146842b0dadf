import type { SpaceKey } from '../../shared/space-key.ts';
import type { Door } from '../store/door.ts';
import { readAgainWhenGone } from '../store/read-again.ts';
import type { Snapshots } from './snapshots.ts';

/** Share of a map's points that must have come or gone before it is drawn anew by itself: all maps of a growing space cost a few times its last one. */
const changedShare = 0.5;

/** Whether a map of so many points is out of date, when so many of them are still there among so many passages. */
export const isOutOfDate = (points: number, alive: number, rows: number): boolean => points - alive + (rows - alive) >= Math.max(1, changedShare * points);

/** Whether a space should be drawn anew without anybody asking. */
export const hasChangedEnough = async ({ door, snapshots }: { door: Door; snapshots: Snapshots }, key: SpaceKey): Promise<boolean> => {
  const stored = await snapshots.newest(key);
  return readAgainWhenGone(false, async () => {
    const head = await door.head(key);
    if (head === undefined) return false;
    const view = stored?.value.incarnation === head.incarnation ? await snapshots.open(key, stored) : undefined;
    if (view === undefined) return true;
    if (stored?.value.space_version === head.version) return false;
    let [alive, rows] = [0, 0];
    for await (const { ids, seqs } of (await door.reader(key, head, head)).scan({ columns: [] })) {
      ids.forEach((id, at) => {
        const index = view.indexOf(id);
        if (index !== undefined && view.seqAt(index) === seqs[at]) alive += 1;
      });
      rows += ids.length;
    }
    // A sample of a larger space can never hold all of its passages.
    return isOutOfDate(view.count, alive, Math.min(rows, Math.max(view.count, alive + rows - view.meta.rows)));
  });
};
