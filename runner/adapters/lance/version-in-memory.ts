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

const bytesOf = (batches: readonly RecordBatch[]): number => batches.reduce((sum, { data }) => sum + data.byteLength, 0);

/**
 * Bytes in the files beside vectors, which are about what the other columns take in memory: text is written twice, as it is and as
 * words, and packed to a half. The engine reads ahead of whoever takes its batches, so what will not fit is better not begun.
 */
const bytesBesideVectors = async (table: Table, rows: number, dimension: number): Promise<number> =>
  (await table.stats()).totalBytes - rows * dimension * Float32Array.BYTES_PER_ELEMENT;

/** Columns of all rows. @returns undefined as soon as it is clear that they take more */
const readAll = async (table: Table, rows: number, columns: readonly string[], bytesMax: number): Promise<RecordBatch[] | undefined> => {
  const batches: RecordBatch[] = [];
  let read = 0;
  for await (const found of table
    .query()
    .select([...columns])
    .withRowId()) {
    const batch = found as unknown as RecordBatch;
    batches.push(batch);
    read += batch.numRows;
    if ((bytesOf(batches) / Math.max(1, read)) * Math.max(read, rows) > bytesMax) return undefined;
  }
  return batches;
};

/** All row ids, ascending, as the engine gives them; undefined should it ever give them in another order. */
const rowIdsOf = (batches: readonly RecordBatch[]): BigUint64Array | undefined => {
  const rowIds = new BigUint64Array(batches.reduce((sum, { numRows }) => sum + numRows, 0));
  let at = 0;
  for (const batch of batches) {
    rowIds.set((batch.getChild('_rowid')?.toArray() ?? []) as BigUint64Array, at);
    at += batch.numRows;
  }
  return rowIds.every((rowId, index) => index === 0 || (rowIds[index - 1] as bigint) < rowId) ? rowIds : undefined;
};

/** Where a row stands among the batches. */
const placesIn = (batches: readonly RecordBatch[], rowIds: BigUint64Array): ((rowId: bigint) => [RecordBatch, number]) => {
  const starts: number[] = [];
  batches.reduce((start, { numRows }) => {
    starts.push(start);
    return start + numRows;
  }, 0);
  return (rowId) => {
    let [low, high] = [0, rowIds.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((rowIds[middle] as bigint) < rowId) low = middle + 1;
      else high = middle;
    }
    if (rowIds[low] !== rowId) throw new Error(`row ${rowId} is not of this version`);
    const part = starts.findLastIndex((start) => start <= low);
    return [batches[part] as RecordBatch, low - (starts[part] as number)];
  };
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
  const batches = all ?? (await readAll(table, rows, ['id'], bytesMax));
  const rowIds = batches === undefined ? undefined : rowIdsOf(batches);
  if (batches === undefined || rowIds === undefined) return undefined;
  const placeOf = placesIn(batches, rowIds);
  return {
    bytes: bytesOf(batches) + rowIds.byteLength,
    idsOf: (asked) =>
      asked.map((rowId) => {
        const [batch, index] = placeOf(rowId);
        return batch.getChild('id')?.get(index) as string;
      }),
    rowsOf: all === undefined ? undefined : (asked, select) => asked.map((rowId) => rowOf(rowId, placeOf(rowId), select)),
  };
};
