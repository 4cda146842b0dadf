import { type Field, Float32, makeData, makeVector, RecordBatch, type Schema, Struct, Table, type Vector, vectorFromArray } from 'apache-arrow';
import type { ChunkRow, FieldValue, TableShape } from '../../ports/vector-store.ts';
import { fieldOfColumn, tableSchema } from './columns.ts';

/** All vectors in one buffer: building them value by value is what makes bulk writes slow. */
const vectorColumn = (rows: readonly ChunkRow[], field: Field): Vector => {
  const dimension = (field.type as { listSize: number }).listSize;
  const values = new Float32Array(rows.length * dimension);
  rows.forEach((row, index) => {
    if (row.vector.length !== dimension) throw new Error(`row ${row.id} has ${row.vector.length} numbers, the table ${dimension}`);
    values.set(row.vector, index * dimension);
  });
  const child = makeData({ type: new Float32(), length: values.length, data: values });
  return makeVector(makeData({ type: field.type, length: rows.length, child } as never));
};

type OwnColumn = Exclude<keyof ChunkRow, 'vector' | 'fields'>;

const cellOf = (row: ChunkRow, column: string): FieldValue | bigint | null => {
  const key = fieldOfColumn(column);
  if (key !== undefined) return Object.hasOwn(row.fields, key) ? (row.fields[key] ?? null) : null;
  return row[column as OwnColumn] ?? null;
};

const column = (rows: readonly ChunkRow[], field: Field): Vector => {
  if (field.name === 'vector') return vectorColumn(rows, field);
  const isInt64 = field.type.toString() === 'Int64';
  const values = rows.map((row) => {
    const value = cellOf(row, field.name);
    return isInt64 && typeof value === 'number' ? BigInt(value) : value;
  });
  return vectorFromArray(values as never[], field.type);
};

const hasValue = (rows: readonly ChunkRow[], key: string): boolean => rows.some(({ fields }) => Object.hasOwn(fields, key));

/**
 * Rows as one Arrow batch with the table's schema, without the metadata columns that none of the rows has a value for:
 * the engine reads absent columns as nulls, and Arrow's writer cannot write a boolean column of nothing but nulls.
 */
export const rowsToArrow = (rows: readonly ChunkRow[], shape: TableShape): Table => {
  const fields = Object.fromEntries(Object.entries(shape.fields).filter(([key]) => hasValue(rows, key)));
  const schema: Schema = tableSchema({ ...shape, fields });
  const children = schema.fields.map((field) => column(rows, field).data[0]);
  const data = makeData({ type: new Struct(schema.fields), length: rows.length, children } as never);
  return new Table(schema, new RecordBatch(schema, data as never));
};
