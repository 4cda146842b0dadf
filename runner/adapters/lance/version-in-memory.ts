import type { Table } from '@lancedb/lancedb';
import type { RecordBatch } from 'apache-arrow';
import type { HitRow, TableReader } from '../../ports/vector-store.ts';

/** What a hit shows of its row, vectors apart. */
const shownColumns = ['type', 'seq', 'source_uri', 'page', 'start', 'end', 'text', 'metadata'] as const;

type Select = Parameters<TableReader['rows']>[1];

/** Ids of a version's rows and, where they fit, what is shown of them: copies, bound to no handle of the engine. */
export interface VersionInMemory {
  bytes: number;
  /** In the order that was asked. @throws Error when a row is not of this version */
  idsOf(rowIds: readonly bigint[]): string[];
  /** Without vectors. Undefined: what is shown did not fit. @throws Error when a row is not of this version */
  rowsOf: ((rowIds: readonly bigint[], select: Pick<Select, 'text' | 'metadata'>) => HitRow[]) | undefined;
}

/** Some of the rows, as the engine gave them. */
interface Part {
  batch: RecordBatch;
  /** Ascending. */
  rowIds: BigUint64Array;
}

/**
 * Bytes in the files beside vectors, which are about what the other columns take in memory: text is written twice, as it is and as
 * words, and packed to a half. The engine reads ahead of whoever takes its batches, so what will not fit is better not begun.
 */
const bytesBesideVectors = async (table: Table, rows: number, dimension: number): Promise<number> =>
  (await table.stats()).totalBytes - rows * dimension * Float32Array.BYTES_PER_ELEMENT;

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
    if (rowIds.length > 0) parts.push({ batch, rowIds });
    read += rowIds.length;
    bytes += batch.data.byteLength;
    if ((bytes / Math.max(1, read)) * Math.max(read, rows) > bytesMax) return undefined;
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

type PlaceOf = (rowId: bigint) => [RecordBatch, number];
const placesIn =
  (parts: readonly Part[]): PlaceOf =>
  (rowId) => {
    const part = parts[countBefore(parts.length, (index) => (parts[index]?.rowIds.at(-1) as bigint) < rowId)];
    const rowIds = part?.rowIds ?? new BigUint64Array();
    const index = countBefore(rowIds.length, (at) => (rowIds[at] as bigint) < rowId);
    if (part === undefined || rowIds[index] !== rowId) throw new Error(`row ${rowId} is not of this version`);
    return [part.batch, index];
  };

const rowOf = (rowId: bigint, [batch, index]: [RecordBatch, number], { text, metadata }: Pick<Select, 'text' | 'metadata'>): HitRow => {
  const value = <T>(column: (typeof shownColumns)[number]): T => (batch.getChild(column)?.get(index) ?? null) as T;
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
 * Reads a version into memory in one scan, or two when what is shown turns out not to fit.
 * @param bytesMax of the whole
 * @returns undefined when not even the ids fit
 */
export const readVersion = async (table: Table, rows: number, dimension: number, bytesMax: number): Promise<VersionInMemory | undefined> => {
  const all = (await bytesBesideVectors(table, rows, dimension)) <= bytesMax ? await readAll(table, rows, ['id', ...shownColumns], bytesMax) : undefined;
  const parts = all ?? (await readAll(table, rows, ['id'], bytesMax));
  if (parts === undefined) return undefined;
  const placeOf = placesIn(parts);
  return {
    // An empty one is remembered too.
    bytes: parts.reduce((sum, { batch }) => sum + batch.data.byteLength, 1),
    idsOf: (asked) =>
      asked.map((rowId) => {
        const [batch, index] = placeOf(rowId);
        return batch.getChild('id')?.get(index) as string;
      }),
    rowsOf: all === undefined ? undefined : (asked, select) => asked.map((rowId) => rowOf(rowId, placeOf(rowId), select)),
  };
};
