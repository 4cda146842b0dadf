import type { Table } from '@lancedb/lancedb';
import type { RecordBatch, Vector } from 'apache-arrow';
import type { FieldType } from '../../../shared/http/spaces.ts';
import type { FieldValue, ScanBatch, ScanOptions } from '../../ports/vector-store.ts';
import { fieldColumn } from './columns.ts';

const listOf = <T>(batch: RecordBatch, column: string): T[] => {
  const child = batch.getChild(column);
  return Array.from({ length: batch.numRows }, (_, index) => child?.get(index) as T);
};

/** The numbers of all vectors of a batch: a copy, for the engine's memory is not ours to give away. */
const numbersOf = (child: Vector | null, rows: number): Float32Array<ArrayBuffer> => {
  if (child === null || rows === 0) return new Float32Array();
  const width = (child.type as { listSize: number }).listSize;
  const numbers = new Float32Array(rows * width);
  let at = 0;
  for (const data of child.data) {
    const values = data.children[0]?.values as Float32Array;
    numbers.set(values.subarray(0, data.length * width), at);
    at += data.length * width;
  }
  return numbers;
};

const fieldValue = (value: unknown): FieldValue | null => {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'object' ? Array.from(value as Iterable<string>) : (value as FieldValue);
};

/** Every row that a condition finds, batch by batch, in the engine's order. */
export async function* scanTable(
  table: Table,
  fields: Readonly<Record<string, FieldType>>,
  { columns, field, where }: Omit<ScanOptions, 'filter'> & { where: string | undefined },
): AsyncGenerator<ScanBatch> {
  const known = field !== undefined && Object.hasOwn(fields, field) ? fieldColumn(field) : undefined;
  let query = table.query().select(['id', 'seq', ...columns, ...(known === undefined ? [] : [known])]);
  if (where !== undefined) query = query.where(where);
  for await (const found of query) {
    const batch = found as unknown as RecordBatch;
    const has = (column: ScanOptions['columns'][number]): boolean => columns.includes(column);
    yield {
      ids: listOf<string>(batch, 'id'),
      seqs: listOf<bigint>(batch, 'seq').map(Number),
      ...(has('doc_id') ? { docIds: listOf<string>(batch, 'doc_id') } : {}),
      ...(has('chunk') ? { chunks: listOf<number>(batch, 'chunk') } : {}),
      ...(has('type') ? { types: listOf<string>(batch, 'type') } : {}),
      ...(has('text') ? { texts: listOf<string | null>(batch, 'text') } : {}),
      ...(has('metadata') ? { metadata: listOf<string | null>(batch, 'metadata') } : {}),
      ...(has('vector') ? { vectors: numbersOf(batch.getChild('vector'), batch.numRows) } : {}),
      ...(field === undefined ? {} : { values: known === undefined ? Array(batch.numRows).fill(null) : listOf(batch, known).map(fieldValue) }),
    };
  }
}
