import type { KpiGrain } from '../../../shared/http/kpi.ts';
import { type Period, usualMs } from '../calendar.ts';
import type { Bucket } from '../periods.ts';
import type { Fact, Subject } from './fact.ts';
import { titleOf } from './words.ts';

/** With less than half of its measurements a period counts as missing. */
const missingShare = 0.5;
/** A gap that comes back at the same hour of the week this often is how the thing is measured: nights, weekends. */
const scheduleShare = 0.25;
const scheduleTimes = 4;
/** The newest gaps; older ones can hardly be filled any more. */
const mostFacts = 200;

interface Gap extends Period {
  count: number;
  expectedCount: number;
}

const isShort = ({ count, expectedCount }: Bucket): boolean => count < missingShare * expectedCount;

/** Stretches with no measurement, or too few, between the first and the last closed period. */
const gapsOf = (grain: KpiGrain, buckets: readonly Bucket[], perMs: number): Gap[] => {
  const gaps: Gap[] = [];
  const add = (gap: Gap) => {
    const last = gaps.at(-1);
    if (last?.endMs !== gap.startMs) gaps.push(gap);
    else Object.assign(last, { endMs: gap.endMs, count: last.count + gap.count, expectedCount: last.expectedCount + gap.expectedCount });
  };
  buckets.forEach((bucket, index) => {
    const before = buckets[index - 1];
    if (before === undefined) return; // The series may have begun in the middle of its first period.
    const { startMs, endMs, count, expectedCount } = bucket;
    if (before.endMs < startMs)
      add({ grain, startMs: before.endMs, endMs: startMs, count: 0, expectedCount: Math.max(1, Math.round((startMs - before.endMs) * perMs)) });
    if (isShort(bucket)) add({ grain, startMs, endMs, count, expectedCount });
  });
  return gaps;
};

/** Where measurements are missing that ought to be there. */
export const missingFacts = (subject: Subject): Fact[] => {
  const { calendar, pace, levels } = subject;
  const [finest] = levels;
  const [first, last] = [finest?.buckets[0], finest?.buckets.at(-1)];
  if (finest === undefined || first === undefined || last === undefined || !pace.isRegular) return [];
  const gaps = gapsOf(finest.grain, finest.buckets, 1 / pace.intervalMs);
  const scheduleOf = ({ startMs, endMs }: Gap): string => {
    const { hour, weekday } = calendar.clock(startMs);
    return `${weekday} ${hour} ${Math.round((endMs - startMs) / usualMs.hour)}`;
  };
  const times = Map.groupBy(gaps, scheduleOf);
  const weeks = (last.endMs - first.startMs) / usualMs.week;
  const isSchedule = (gap: Gap): boolean => (times.get(scheduleOf(gap))?.length ?? 0) >= Math.max(scheduleTimes, scheduleShare * weeks);
  return gaps
    .filter((gap) => !isSchedule(gap))
    .slice(-mostFacts)
    .map((gap) => missingFact(subject, gap));
};

const missingFact = (subject: Subject, gap: Gap): Fact => {
  const { calendar } = subject;
  const { grain, startMs, endMs, count, expectedCount } = gap;
  const periods = Math.max(1, Math.round((endMs - startMs) / usualMs[grain]));
  const [first, last] = [calendar.periodAt(grain, startMs), calendar.periodAt(grain, endMs - 1)];
  const span = periods === 1 ? calendar.phrase(first) : `for ${periods} ${grain}s, from ${calendar.name(first)} to ${calendar.name(last)}`;
  const found = count === 0 ? 'no measurements' : `only ${count} of about ${expectedCount} measurements`;
  return {
    kind: 'missing',
    period: { grain, startMs, endMs },
    text: `Missing data: ${titleOf(subject)} has ${found} ${span} (${calendar.timeZone}).`,
    figures: { missing_periods: periods, measurements: count, expected_measurements: expectedCount },
  };
};
