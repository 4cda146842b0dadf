import { Bool, type DataType, Dictionary, Float32, Float64, Int32, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import type { HazePoint, HazePointsResponse } from '../../shared/http/haze.ts';

const repeated = (): DataType => new Dictionary(new Utf8(), new Int32());

const columnTypes: Record<Exclude<keyof HazePoint, 'value'>, () => DataType> = {
  id: () => new Utf8(),
  doc_id: () => new Utf8(),
  chunk: () => new Int32(),
  x: () => new Float32(),
  y: () => new Float32(),
  z: () => new Float32(),
  cluster: () => new Int32(),
  density: () => new Float32(),
  type: repeated,
  source_scope: repeated,
  title: () => new Utf8(),
  snippet: () => new Utf8(),
};

const valueType = (values: readonly unknown[]): DataType => {
  const known = values.find((value) => value !== null && value !== undefined);
  return typeof known === 'number' ? new Float64() : typeof known === 'boolean' ? new Bool() : new Utf8();
};

const valueColumn = (points: readonly HazePoint[]) => {
  const values = points.map(({ value }) => (Array.isArray(value) ? JSON.stringify(value) : (value ?? null)));
  const isEmpty = values.every((value) => value === null);
  // Arrow's writer cannot write a boolean column of nothing but nulls, nor does an empty column say its type: text.
  return vectorFromArray(values as never[], isEmpty ? new Utf8() : valueType(values));
};

/** A page as one Arrow stream: its points as columns, everything else as JSON in the schema's metadata under `nexus.haze`. */
export const pointsToArrow = ({ points, ...rest }: HazePointsResponse): Uint8Array => {
  const columns = Object.entries(columnTypes).map(([name, type]) => [
    name,
    vectorFromArray(points.map((point) => point[name as keyof HazePoint]) as never[], type()),
  ]);
  const hasValues = points.some(({ value }) => value !== undefined);
  const table = new Table({ ...Object.fromEntries(columns), ...(hasValues ? { value: valueColumn(points) } : {}) });
  table.schema.metadata.set('nexus.haze', JSON.stringify(rest));
  return tableToIPC(table, 'stream');
};
