import type { Pin } from '../../shared/cursor.ts';
import { limits } from '../../shared/limits.ts';
import type { SpaceKey } from '../../shared/space-key.ts';
import type { NexusVectorStore, TableReader } from '../ports/vector-store.ts';
import { isLive, type LiveHead } from '../records/space-records.ts';
import type { Places } from './spaces.ts';

/** The one door to the data: whoever reads a space asks here for it, at a version. */
export interface Door {
  /** What is published. Undefined: the space has no data. */
  head(key: SpaceKey, consistency?: 'strong' | 'eventual'): Promise<LiveHead | undefined>;
  /** @throws VersionGoneError when that version is no more */
  reader(key: SpaceKey, pin: Pin, head: LiveHead): Promise<TableReader>;
  /** Requests for tables in this process, from its beginning. */
  tableRequests(): { requests: number; bytes: number };
}

export const createDoor = (places: Places, store: NexusVectorStore): Door => ({
  async head(key, consistency = 'strong') {
    const {
      table,
      records: { head },
    } = places.space(key);
    // While the head is asked for: the first table of a folder costs a request before its version does.
    store.prepare(table);
    const remembered = consistency === 'eventual' ? head.remembered(limits.eventualAgeMs) : undefined;
    const found = (remembered === undefined ? await head.read() : remembered.entry)?.value;
    return isLive(found) ? found : undefined;
  },

  tableRequests: () => store.requests(),
  reader: (key, pin, head) => store.reader(places.space(key).table, pin, head.table),
});
