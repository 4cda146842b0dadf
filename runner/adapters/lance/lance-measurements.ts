import type { Table } from '@lancedb/lancedb';
import { Table as ArrowTable, Field, Float64, Int64, makeData, RecordBatch, Schema, Struct, Utf8, vectorFromArray } from 'apache-arrow';
import type { MeasuredSeries, MeasurementStore, StoredMeasurements } from '../../ports/measurements.ts';
import type { TableLocation } from '../../ports/vector-store.ts';
import { quotedText } from './document-where.ts';
import { type Connections, isMissing } from './lance-connections.ts';

/** Typed, so that any engine that reads Lance reads them: times are Unix microseconds. */
const schema = new Schema([
  new Field('epoch', new Int64(), false),
  new Field('series', new Utf8(), false),
  new Field('metric', new Utf8(), false),
  new Field('dimensions', new Utf8(), false),
  new Field('at', new Int64(), false),
  new Field('value', new Float64(), false),
  new Field('seq', new Int64(), false),
  new Field('task_id', new Utf8(), false),
]);

/** Fragments from which on they are joined: each costs every reading a request. */
const manyFragments = 16;

type Row = MeasuredSeries & StoredMeasurements;

const toArrow = (rows: readonly Row[]): ArrowTable => {
  const of = (name: string, values: unknown[]) => vectorFromArray(values as never[], schema.fields.find((field) => field.name === name)?.type as never);
  const length = rows.reduce((sum, { at }) => sum + at.length, 0);
  const all = (pick: (row: Row, index: number) => unknown): unknown[] => rows.flatMap((row) => Array.from(row.at, (_, index) => pick(row, index)));
  const columns = [
    of(
      'epoch',
      all(({ epoch }) => BigInt(epoch)),
    ),
    of(
      'series',
      all(({ series }) => series),
    ),
    of(
      'metric',
      all(({ metric }) => metric),
    ),
    of(
      'dimensions',
      all(({ dimensions }) => dimensions),
    ),
    of(
      'at',
      all(({ at }, index) => BigInt(at[index] ?? 0)),
    ),
    of(
      'value',
      all(({ value }, index) => value[index]),
    ),
    of(
      'seq',
      all(({ seq }) => BigInt(seq)),
    ),
    of(
      'task_id',
      all(({ task_id }) => task_id),
    ),
  ];
  const data = makeData({ type: new Struct(schema.fields), length, children: columns.map((column) => column.data[0]) } as never);
  return new ArrowTable(schema, new RecordBatch(schema, data as never));
};

const whereSeries = ({ epoch, series }: Pick<MeasuredSeries, 'epoch' | 'series'>): string => `epoch = ${epoch} AND series = ${quotedText(series)}`;

/** Rows of one request while they are read. */
interface Collected {
  seq: number;
  at: number[];
  value: number[];
}

/** Measurements in Lance tables of their own. */
export const lanceMeasurements = (connection: Connections): MeasurementStore => {
  const open = async ({ uri, name }: TableLocation): Promise<Table | undefined> => {
    try {
      return await (await connection(uri)).openTable(name);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  };

  return {
    async read(location, series) {
      const table = await open(location);
      const found = new Map<string, Collected>();
      if (table === undefined) return [];
      for await (const batch of table.query().where(whereSeries(series)).select(['at', 'value', 'seq', 'task_id'])) {
        const [at, value, seq, task] = ['at', 'value', 'seq', 'task_id'].map((column) => batch.getChild(column));
        for (let row = 0; row < batch.numRows; row++) {
          const taskId = task?.get(row) as string;
          const rows = found.get(taskId) ?? { seq: Number(seq?.get(row)), at: [], value: [] };
          found.set(taskId, rows);
          rows.at.push(Number(at?.get(row)));
          rows.value.push(value?.get(row) as number);
        }
      }
      return [...found].map(([task_id, { seq, at, value }]) => ({ task_id, seq, at: Float64Array.from(at), value: Float64Array.from(value) }));
    },

    async append(location, rows) {
      const data = toArrow(rows);
      if (data.numRows === 0) return;
      const table = await open(location);
      // Of two who begin a table at once, one finds it there: `create` in that mode fails, and the event comes again.
      if (table === undefined) await (await connection(location.uri)).createTable(location.name, data as never, { mode: 'create' });
      else await table.add(data as never);
    },

    async remove(location, series, taskIds) {
      const table = await open(location);
      await table?.delete(`${whereSeries(series)} AND task_id IN (${taskIds.map(quotedText).join(', ')})`);
    },

    async compact(location) {
      const table = await open(location);
      if (table === undefined || (await table.stats()).fragmentStats.numSmallFragments < manyFragments) return;
      // Nobody keeps a version of this table: what is not the newest can go.
      await table.optimize({ cleanupOlderThan: new Date(Date.now() - 3_600_000) });
    },

    async erase(location, beforeEpoch) {
      const table = await open(location);
      if (table === undefined) return;
      await table.delete(`epoch < ${beforeEpoch}`);
      const isEmpty = (await table.countRows()) === 0;
      await table.optimize({ cleanupOlderThan: new Date(), deleteUnverified: isEmpty });
    },
  };
};
