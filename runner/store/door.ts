import type { Pin } from '../../shared/cursor.ts';
import { limits } from '../../shared/limits.ts';
import type { SpaceKey } from '../../shared/space-key.ts';
import type { NexusVectorStore, TableReader } from '../ports/vector-store.ts';
import type { Entry } from '../records/register.ts';
import { type Head, isLive, type LiveHead } from '../records/space-records.ts';
import { within } from '../within.ts';
import type { Places } from './spaces.ts';

/** A head as this process remembers it, while it asks whether that is still the newest. */
export interface Glimpse {
  /** Undefined: the space has no data. */
  head: LiveHead | undefined;
  isNewest: true | Promise<boolean>;
}

/** A store that answers within this is not worth a read in vain. */
const aheadAfterMs = 1;
/** What was seen longer ago is likely to be old, and is looked for by a list anyway (`records/register.ts`). */
const aheadAgeMs = 60_000;

/** The one door to the data: whoever reads a space asks here for it, at a version. */
export interface Door {
  /** What is published. Undefined: the space has no data. */
  head(key: SpaceKey, consistency?: 'strong' | 'eventual'): Promise<LiveHead | undefined>;
  /**
   * The newest head; or, where that takes a while to find out and its data is open already, the one that was seen last with the
   * promise to find out.
   */
  glimpse(key: SpaceKey): Promise<Glimpse>;
  /** @throws VersionGoneError when that version is no more */
  reader(key: SpaceKey, pin: Pin, head: LiveHead): Promise<TableReader>;
  /** Requests for tables in this process, from its beginning. */
  tableRequests(): { requests: number; bytes: number };
}

const liveOf = (entry: Entry<Head> | undefined): LiveHead | undefined => (isLive(entry?.value) ? entry.value : undefined);

export const createDoor = (places: Places, store: NexusVectorStore): Door => ({
  async head(key, consistency = 'strong') {
    const {
      table,
      records: { head },
    } = places.space(key);
    // While the head is asked for: the first table of a folder costs a request before its version does.
    store.prepare(table);
    const remembered = consistency === 'eventual' ? head.remembered(limits.eventualAgeMs) : undefined;
    return liveOf(remembered === undefined ? await head.read() : remembered.entry);
  },

  async glimpse(key) {
    const {
      table,
      records: { head },
    } = places.space(key);
    store.prepare(table);
    const remembered = head.remembered(aheadAgeMs)?.entry;
    const known = liveOf(remembered);
    const reading = head.read();
    const found = known !== undefined && store.isOpen(table, known) ? await within(reading, aheadAfterMs) : { value: await reading };
    if (found !== undefined) return { head: liveOf(found.value), isNewest: true };
    const isNewest = reading.then((newest) => newest?.number === remembered?.number);
    // Who was given it may look only when the read is done.
    isNewest.catch(() => undefined);
    return { head: known, isNewest };
  },

  tableRequests: () => store.requests(),
  reader: (key, pin, head) => store.reader(places.space(key).table, pin, head.table),
});
