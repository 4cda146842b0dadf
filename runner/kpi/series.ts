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

/** `kpi:{metric}:{dimensions}`: begins the id of every fact about the series. */
export const seriesName = ({ metric, dimensions }: SeriesKey): string => `kpi:${metric}:${dimensionText(dimensions)}`;

/** Rows in order of time; of several for one time the last given. */
export const seriesOf = (at: ArrayLike<number>, value: ArrayLike<number>): Series => {
  const order = Uint32Array.from({ length: at.length }, (_, index) => index);
  order.sort((a, b) => (at[a] as number) - (at[b] as number) || a - b);
  const kept = order.filter((row, place) => place === order.length - 1 || at[row] !== at[order[place + 1] as number]);
  return { at: Float64Array.from(kept, (row) => at[row] as number), value: Float64Array.from(kept, (row) => value[row] as number) };
};

/** Both together; `over` wins where both have a value for one time. */
export const mergeSeries = (under: Series, over: Series): Series => {
  const at = new Float64Array(under.at.length + over.at.length);
  const value = new Float64Array(at.length);
  let [length, a, b] = [0, 0, 0];
  while (a < under.at.length || b < over.at.length) {
    const left = under.at[a] ?? Number.POSITIVE_INFINITY;
    const right = over.at[b] ?? Number.POSITIVE_INFINITY;
    at[length] = Math.min(left, right);
    value[length] = (right <= left ? over.value[b] : under.value[a]) as number;
    if (left <= right) a += 1;
    if (right <= left) b += 1;
    length += 1;
  }
  return { at: at.slice(0, length), value: value.slice(0, length) };
};
