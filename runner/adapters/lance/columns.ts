import { Bool, type DataType, Field, FixedSizeList, Float32, Float64, Int32, Int64, List, Schema, Utf8 } from 'apache-arrow';
import type { FieldType } from '../../../shared/http/spaces.ts';
import type { TableShape } from '../../ports/vector-store.ts';

/**
 * A metadata key's column. `.` would mean a nested field, so it becomes `~`, which no key contains: two keys never
 * share a column, and none meets a column of ours, which have no `m_`.
 */
export const fieldColumn = (key: string): string => `m_${key.replaceAll('.', '~')}`;
export const fieldOfColumn = (column: string): string | undefined => (column.startsWith('m_') ? column.slice(2).replaceAll('~', '.') : undefined);

const text = (): DataType => new Utf8();
const fieldTypesInArrow: Record<FieldType, () => DataType> = {
  string: text,
  number: () => new Float64(),
  boolean: () => new Bool(),
  'string[]': () => new List(new Field('item', new Utf8(), true)),
  /** Unix microseconds. */
  time: () => new Int64(),
};

export const fieldSchema = (key: string, type: FieldType): Field => new Field(fieldColumn(key), fieldTypesInArrow[type](), true);

/** Lance reads the table's primary key from here. */
const primaryKey = new Map([['lance-schema:unenforced-primary-key', 'true']]);

/** Every column, always written with this schema: rows given as plain objects would make all of them nullable and all numbers Float64. */
export const tableSchema = (shape: TableShape): Schema =>
  new Schema([
    new Field('id', new Utf8(), false, primaryKey),
    new Field('doc_id', new Utf8(), false),
    new Field('chunk', new Int32(), false),
    new Field('seq', new Int64(), false),
    new Field('task_id', new Utf8(), false),
    new Field('type', new Utf8(), false),
    new Field('text', new Utf8(), true),
    new Field('words', new Utf8(), true),
    new Field('vector', new FixedSizeList(shape.dimension, new Field('item', new Float32(), true)), false),
    new Field('metadata', new Utf8(), true),
    new Field('source_uri', new Utf8(), true),
    new Field('page', new Int32(), true),
    new Field('start', new Int32(), true),
    new Field('end', new Int32(), true),
    new Field('lead', new Utf8(), true),
    new Field('tail', new Utf8(), true),
    ...Object.entries(shape.fields).map(([key, type]) => fieldSchema(key, type)),
  ]);
