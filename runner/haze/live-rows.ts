import { LRUCache } from 'lru-cache';
import { canonicalJson } from '../../shared/canonical-json.ts';
import type { Pin } from '../../shared/cursor.ts';
import { parseFilter } from '../../shared/filter.ts';
import { type SpaceKey, spaceKeyText } from '../../shared/space-key.ts';
import type { FieldValue, TableReader } from '../ports/vector-store.ts';

/** Passages of one version that a filter finds: a map shows these alone, so that what is deleted or replaced is not shown. */
export type LiveRows = ReadonlyMap<string, { seq: number; value?: FieldValue | null }>;

export interface LiveRowsWish {
  filter: Record<string, unknown> | undefined;
  /** A metadata key whose values are wanted. */
  field: string | undefined;
}

/** Rows remembered in all, over all versions, filters and fields: about 150 bytes each. */
const cacheRows = 300_000;

export type ReadLiveRows = (key: SpaceKey, pin: Pin, reader: TableReader, wish: LiveRowsWish) => Promise<LiveRows>;

/** A version never changes, so what was read of it stays true. */
export const createLiveRows = (): ReadLiveRows => {
  const known = new LRUCache<string, LiveRows>({ maxSize: cacheRows, sizeCalculation: (rows) => Math.max(1, rows.size) });
  return async (key, { incarnation, version }, reader, { filter, field }) => {
    const id = canonicalJson([spaceKeyText(key), incarnation, version, filter ?? null, field ?? null]);
    const found = known.get(id);
    if (found !== undefined) return found;
    const rows = new Map<string, { seq: number; value?: FieldValue | null }>();
    for await (const { ids, seqs, values } of reader.scan({ columns: [], field, filter: filter === undefined ? undefined : parseFilter(filter) }))
      ids.forEach((id, at) => {
        rows.set(id, { seq: seqs[at] ?? 0, ...(values === undefined ? {} : { value: values[at] ?? null }) });
      });
    known.set(id, rows);
    return rows;
  };
};
