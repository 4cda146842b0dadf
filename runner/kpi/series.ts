import { hash } from 'node:crypto';
import type { Dimensions } from '../../shared/http/kpi.ts';

/** Measurements in order of time, each time once. */
export interface Series {
  /** Unix microseconds. */
  at: Float64Array;
  value: Float64Array;
}

/** What is measured: a metric, and what of. */
export interface SeriesKey {
  metric: string;
  dimensions: Dimensions;
}

/** Dimensions in order of their names, with nothing in them that could be taken for a separator. */
const dimensionText = (dimensions: Dimensions): string =>
  Object.entries(dimensions)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
    .join(',');

/** What a fact's kind and period add to it still fits into a document's id. */
const seriesNameChars = 200;

/** `kpi:{metric}:{dimensions}`: begins the id of every fact about the series. Dimensions that are too long for an id are named by their digest. */
export const seriesName = ({ metric, dimensions }: SeriesKey): string => {
  const text = dimensionText(dimensions);
  const name = `kpi:${metric}:${text}`;
  return name.length <= seriesNameChars ? name : `kpi:${metric}:${hash('sha256', text)}`;
};

/** Rows in order of time; of several for one time the last given. */
export const seriesOf = (at: ArrayLike<number>, value: ArrayLike<number>): Series => {
  const order = Uint32Array.from({ length: at.length }, (_, index) => index);
  order.sort((a, b) => (at[a] as number) - (at[b] as number) || a - b);
  const kept = order.filter((row, place) => place === order.length - 1 || at[row] !== at[order[place + 1] as number]);
  return { at: Float64Array.from(kept, (row) => at[row] as number), value: Float64Array.from(kept, (row) => value[row] as number) };
};
