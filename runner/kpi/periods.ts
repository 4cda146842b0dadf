import { median } from 'simple-statistics';
import type { KpiAggregate, KpiGrain } from '../../shared/http/kpi.ts';
import { type Calendar, fromGrain, type Period, usualMs } from './calendar.ts';
import type { Series } from './series.ts';

/** A period with what was measured in it. */
export interface Bucket extends Period {
  value: number;
  count: number;
  /** Measurements that it should have; `count` when measurements come at no regular pace. */
  expectedCount: number;
  /** Enough of it was measured to be set beside others. */
  isComplete: boolean;
}

/** The pace of measurements. */
export interface Pace {
  /** Median time between two measurements, milliseconds. */
  intervalMs: number;
  isRegular: boolean;
}

/** Gaps this much off the median are still the same pace: a day of 23 hours, a probe that was late. */
const paceTolerance = 0.2;
const regularShare = 0.5;
const measurementsForPace = 3;

/** Undefined: too few measurements to tell. */
export const paceOf = ({ at }: Series): Pace | undefined => {
  if (at.length < measurementsForPace) return undefined;
  const gaps = Array.from(at.subarray(1), (micros, index) => (micros - (at[index] as number)) / 1000);
  const intervalMs = median(gaps);
  const regular = gaps.filter((gap) => Math.abs(gap - intervalMs) <= paceTolerance * intervalMs).length;
  return { intervalMs, isRegular: regular >= regularShare * gaps.length };
};

/** A month of 28 days is a month to a series of months. */
const lengthTolerance = 0.75;

/** The grains that a series can fill, from the metric's own: there is no hour of what is measured once a day. */
export const grainsFor = (grain: KpiGrain, { intervalMs, isRegular }: Pace): KpiGrain[] => {
  const possible = fromGrain(grain).filter((each) => !isRegular || usualMs[each] >= lengthTolerance * intervalMs);
  return possible.length === 0 ? ['month'] : possible;
};

/** A sum of half of the measurements is half a sum; a mean of them is nearly the mean. */
const completeShare: Record<KpiAggregate, number> = { sum: 0.95, mean: 0.5, last: 0.5, max: 0.5 };

/** The newest measurement speaks for the time up to the next one, give or take. */
const closingTolerance = 1.1;

/**
 * The closed periods of a grain that have measurements, in order. A period is closed when what was measured reaches its
 * end: what is true of it does not depend on when anybody looks.
 */
export const bucketsOf = ({ at, value }: Series, calendar: Calendar, grain: KpiGrain, aggregate: KpiAggregate, pace: Pace): Bucket[] => {
  const { intervalMs, isRegular } = pace;
  const first = (at[0] ?? 0) / 1000;
  const reachMs = (at[at.length - 1] ?? 0) / 1000 + (isRegular ? closingTolerance * intervalMs : 0);
  const buckets: Bucket[] = [];
  for (let row = 0; row < at.length; ) {
    const period = calendar.periodAt(grain, Math.floor((at[row] as number) / 1000));
    if (period.endMs > reachMs) break;
    let [end, sum, most] = [row, 0, Number.NEGATIVE_INFINITY];
    for (; end < at.length && (at[end] as number) < period.endMs * 1000; end++) {
      sum += value[end] as number;
      most = Math.max(most, value[end] as number);
    }
    const count = end - row;
    const lengthMs = period.endMs - period.startMs;
    const expectedCount = isRegular ? Math.max(1, Math.round(lengthMs / intervalMs)) : count;
    const covered = isRegular ? count / expectedCount : Math.min(1, (period.endMs - Math.max(period.startMs, first)) / lengthMs);
    const values: Record<KpiAggregate, number> = { sum, mean: sum / count, last: value[end - 1] as number, max: most };
    buckets.push({ ...period, value: values[aggregate], count, expectedCount, isComplete: covered >= completeShare[aggregate] });
    row = end;
  }
  return buckets;
};
