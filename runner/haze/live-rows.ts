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

/** What is remembered in all, over all versions, filters and fields: some 300,000 rows, fewer with long values. */
const cacheBytes = 40 * 1024 * 1024;
/** As measured, beside the texts: one row, and one answer, even where nothing was found. */
const rowBytes = 80;
const answerBytes = 400;
/** With its head and the place it is kept in, as if each character took two bytes. */
const textBytes = (text: string): number => 32 + 2 * text.length;

const valueBytes = (value: FieldValue | null | undefined): number => {
  if (typeof value === 'string') return textBytes(value);
  return Array.isArray(value) ? value.reduce((sum, item: string) => sum + textBytes(item), 0) : 0;
};

export type ReadLiveRows = (key: SpaceKey, pin: Pin, reader: TableReader, wish: LiveRowsWish) => Promise<LiveRows>;

/**
 * A version never changes, so what was read of it stays true. What is remembered is weighed with its texts: a caller
 * chooses filter and field, and one answer may be a few rows or thousands of long values.
 */
export const createLiveRows = (maxBytes: number = cacheBytes): ReadLiveRows => {
  const known = new LRUCache<string, LiveRows>({ maxSize: maxBytes });
  return async (key, { incarnation, version }, reader, { filter, field }) => {
    const id = canonicalJson([spaceKeyText(key), incarnation, version, filter ?? null, field ?? null]);
    const found = known.get(id);
    if (found !== undefined) return found;
    const rows = new Map<string, { seq: number; value?: FieldValue | null }>();
    let size = answerBytes + textBytes(id);
    for await (const { ids, seqs, values } of reader.scan({ columns: [], field, filter: filter === undefined ? undefined : parseFilter(filter) }))
      ids.forEach((rowId, at) => {
        rows.set(rowId, { seq: seqs[at] ?? 0, ...(values === undefined ? {} : { value: values[at] ?? null }) });
        size += rowBytes + textBytes(rowId) + valueBytes(values?.[at]);
      });
    known.set(id, rows, { size });
    return rows;
  };
};
