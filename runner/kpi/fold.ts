import type { StoredMeasurements } from '../ports/measurements.ts';
import { compareOrder } from '../store/order.ts';
import { type Series, seriesOf } from './series.ts';

/** A series as all requests together say it, and requests of which nothing is left in it. */
export interface Folded {
  series: Series;
  /** Ids of tasks whose every row a later request has replaced. */
  replaced: Set<string>;
  /** When the last of them was accepted, Unix microseconds. */
  seq: number;
}

/** For each time the value of the request accepted last counts, whatever order they came in and however often. */
export const foldRequests = (requests: readonly StoredMeasurements[]): Folded => {
  const inOrder = [...requests].sort(compareOrder);
  const length = inOrder.reduce((sum, { at }) => sum + at.length, 0);
  const [at, value, owner] = [new Float64Array(length), new Float64Array(length), new Float64Array(length)];
  let next = 0;
  inOrder.forEach((request, index) => {
    at.set(request.at, next);
    value.set(request.value, next);
    owner.fill(index, next, next + request.at.length);
    next += request.at.length;
  });
  const left = new Set(seriesOf(at, owner).value);
  return {
    series: seriesOf(at, value),
    replaced: new Set(inOrder.filter((_, index) => !left.has(index)).map(({ task_id }) => task_id)),
    seq: inOrder.at(-1)?.seq ?? 0,
  };
};
