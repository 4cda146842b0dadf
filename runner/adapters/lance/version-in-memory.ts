import type { Table } from '@lancedb/lancedb';
import type { Table as ArrowTable, RecordBatch, Vector } from 'apache-arrow';
import type { HitRow, TableReader } from '../../ports/vector-store.ts';

/** What a hit shows of its row, vectors apart. */
const shownColumns = ['type', 'seq', 'source_uri', 'page', 'start', 'end', 'text', 'metadata'] as const;

type Select = Parameters<TableReader['rows']>[1];

/** Ids of a version's rows and, where they fit, what is shown of them: copies, bound to no handle of the engine. */
export interface VersionInMemory {
  /** What it weighs. */
  bytes: number;
  /** In the order that was asked. @returns undefined when one of them is not of this version, as far as is known here */
  idsOf(rowIds: readonly bigint[]): string[] | undefined;
  /** Without vectors; else the same. Undefined itself: what is shown did not fit. */
  rowsOf: ((rowIds: readonly bigint[], select: Pick<Select, 'text' | 'metadata'>) => HitRow[] | undefined) | undefined;
}

/** Some of the rows, as the engine gave them: at least one part for each fragment. */
interface Part {
  batch: RecordBatch;
  /** Ascending. */
  rowIds: BigUint64Array;
  ids: Vector;
}
/** What a part takes beside its columns' bytes, as measured. */
const partBytes = 16 * 1024;

/** The engine reads ahead of whoever takes its rows, by sixteen batches: what will not fit is better not begun. */
const sampledRows = 64;
const isLikelyToFit = async (table: Table, rows: number, columns: readonly string[], bytesMax: number): Promise<boolean> => {
  const { batches, numRows } = (await table
    .query()
    .select([...columns])
    .limit(sampledRows)
    .toArrow()) as unknown as ArrowTable;
  const bytes = batches.reduce((sum, { data }) => sum + data.byteLength, 0);
  return (bytes / Math.max(1, numRows)) * rows <= bytesMax;
};

/**
 * Columns of all rows, in ascending order of row ids, as the engine gives them.
 * @returns undefined as soon as it is clear that they take more, or should the order ever be another
 */
const readAll = async (table: Table, rows: number, columns: readonly string[], bytesMax: number): Promise<Part[] | undefined> => {
  const parts: Part[] = [];
  let [read, bytes, last] = [0, 0, -1n];
  for await (const found of table
    .query()
    .select([...columns])
    .withRowId()) {
    const batch = found as unknown as RecordBatch;
    const rowIds = (batch.getChild('_rowid')?.toArray() ?? new BigUint64Array()) as BigUint64Array;
    for (const rowId of rowIds) {
      if (rowId <= last) return undefined;
      last = rowId;
    }
    const ids = batch.getChild('id');
    if (rowIds.length > 0 && ids !== null) parts.push({ batch, rowIds, ids });
    read += rowIds.length;
    bytes += batch.data.byteLength;
    if ((bytes / Math.max(1, read)) * Math.max(read, rows) + parts.length * partBytes > bytesMax) return undefined;
  }
  return parts;
};

/** How many of so many come before, by binary search. */
const countBefore = (count: number, isBefore: (index: number) => boolean): number => {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
};

interface Place {
  part: Part;
  index: number;
}
type PlaceOf = (rowId: bigint) => Place | undefined;
const placesIn =
  (parts: readonly Part[]): PlaceOf =>
  (rowId) => {
    const part = parts[countBefore(parts.length, (index) => (parts[index]?.rowIds.at(-1) as bigint) < rowId)];
    if (part === undefined) return undefined;
    const index = countBefore(part.rowIds.length, (at) => (part.rowIds[at] as bigint) < rowId);
    return part.rowIds[index] === rowId ? { part, index } : undefined;
  };

/** @returns undefined when one of them is nowhere */
const each = <T>(rowIds: readonly bigint[], placeOf: PlaceOf, give: (rowId: bigint, place: Place) => T): T[] | undefined => {
  const found: T[] = [];
  for (const rowId of rowIds) {
    const place = placeOf(rowId);
    if (place === undefined) return undefined;
    found.push(give(rowId, place));
  }
  return found;
};

const rowOf = (rowId: bigint, { part, index }: Place, { text, metadata }: Pick<Select, 'text' | 'metadata'>): HitRow => {
  const value = <T>(column: (typeof shownColumns)[number]): T => (part.batch.getChild(column)?.get(index) ?? null) as T;
  return {
    rowId,
    type: value('type'),
    seq: Number(value<bigint>('seq')),
    source_uri: value('source_uri'),
    page: value('page'),
    start: value('start'),
    end: value('end'),
    ...(text ? { text: value<string | null>('text') } : {}),
    ...(metadata ? { metadata: value<string | null>('metadata') } : {}),
  };
};

/**
 * Reads a version into memory: a sample and a scan, or two when what is shown turns out not to fit.
 * @param bytesMax of the whole
 * @returns undefined when not even the ids fit
 */
export const readVersion = async (table: Table, rows: number, bytesMax: number): Promise<VersionInMemory | undefined> => {
  const columns = ['id', ...shownColumns];
  const all = (await isLikelyToFit(table, rows, columns, bytesMax)) ? await readAll(table, rows, columns, bytesMax) : undefined;
  const parts = all ?? (await readAll(table, rows, ['id'], bytesMax));
  if (parts === undefined) return undefined;
  const placeOf = placesIn(parts);
  return {
    bytes: parts.reduce((sum, { batch }) => sum + batch.data.byteLength + partBytes, partBytes),
    idsOf: (asked) => each(asked, placeOf, (_, { part, index }) => part.ids.get(index) as string),
    rowsOf: all === undefined ? undefined : (asked, select) => each(asked, placeOf, (rowId, place) => rowOf(rowId, place, select)),
  };
};
