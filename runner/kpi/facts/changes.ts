import { median } from 'simple-statistics';
import type { KpiGrain } from '../../../shared/http/kpi.ts';
import type { Bucket } from '../periods.ts';
import { type ChangePoint, changePointsIn } from '../statistics/change-points.ts';
import { withoutPattern } from '../statistics/seasonal.ts';
import { trendOf } from '../statistics/trend.ts';
import { patternsOf, reach } from './anomalies.ts';
import { type Fact, type Subject, timeText } from './fact.ts';
import { changePct, changeText, directionOf, figure, isGoodMove, judged, measure, present, titleOf, when } from './words.ts';

/** How long a level must last to be one, in periods. */
const levelLength: Record<KpiGrain, number> = { hour: 24, day: 7, week: 4, month: 4 };
/** Periods that a trend is looked for in, and how many of them must have been measured. */
const trendLength: Record<KpiGrain, number> = { hour: 0, day: 28, week: 12, month: 12 };
const trendShare = 0.75;
/** Neighbours resemble each other: a chance of 1 in 100 by the test is worth about 1 in 20. */
const maxTrendP = 0.01;

const completeOf = (buckets: readonly Bucket[]): Bucket[] => buckets.filter(({ isComplete }) => isComplete);

const changeFact = (subject: Subject, change: ChangePoint, buckets: readonly Bucket[]): Fact => {
  const { definition } = subject;
  const { index, from, to, before, after, strength, p } = change;
  const bucket = buckets[index] as Bucket;
  const { grain } = bucket;
  const difference = after - before;
  const lasted = `${index - from} ${grain}s before and ${to - index} since`;
  const far = strength === undefined ? '' : `, ${figure(Number(strength.toFixed(1)))} robust standard deviations apart`;
  return {
    kind: 'change_point',
    period: bucket,
    text: `${titleOf(subject)} changed its level ${when(subject, bucket)}: the typical ${grain} is ${measure(definition, after)}, ${changeText(definition, after, before)}${judged(definition, difference)}. The levels are medians of ${lasted}${far} (Pettitt test).`,
    figures: present({
      value: bucket.value,
      measurements: bucket.count,
      value_before: before,
      value_after: after,
      change: difference,
      change_pct: changePct(after, before),
      direction: directionOf(difference),
      is_good: isGoodMove(definition, difference),
      periods_before: index - from,
      periods_after: to - index,
      before_start: timeText((buckets[from] as Bucket).startMs),
      after_end: timeText((buckets[to - 1] as Bucket).endMs),
      strength,
      probability: p,
      method: 'Pettitt test',
    }),
  };
};

/** Lasting changes of level, in days where there are days. */
export const changeFacts = (subject: Subject): Fact[] => {
  const level = subject.levels.find(({ grain }) => grain === 'day') ?? subject.levels[0];
  if (level === undefined) return [];
  const complete = completeOf(level.buckets);
  const values = complete.map(({ value }) => value);
  const smooth = withoutPattern(values, reach[level.grain], patternsOf(subject.calendar, level.grain, complete));
  return changePointsIn(smooth, levelLength[level.grain]).map(({ index, from, to, ...change }) => {
    // Found without the pattern, told as it was measured.
    const [before, after] = [median(values.slice(from, index)), median(values.slice(index, to))];
    return changeFact(subject, { ...change, index, from, to, before, after }, complete);
  });
};

const trendFact = (subject: Subject, buckets: readonly Bucket[], period: Bucket): Fact | undefined => {
  const { definition } = subject;
  const [first, last] = [buckets[0], buckets.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const { slope, p } = trendOf(buckets.map(({ value }) => value));
  if (p > maxTrendP || slope === 0) return undefined;
  const { grain } = first;
  const span = period === last ? `over ${buckets.length} ${grain}s to ${subject.calendar.name(last)} (${definition.timezone})` : when(subject, period);
  return {
    kind: 'trend',
    period,
    text: `${titleOf(subject)} has been ${slope > 0 ? 'rising' : 'falling'} ${span}: by ${measure(definition, Math.abs(slope))} a ${grain}${judged(definition, slope)} (Sen's slope of ${buckets.length} ${grain}s; Mann-Kendall test).`,
    figures: present({
      value: period.value,
      measurements: period.count,
      slope,
      direction: directionOf(slope),
      is_good: isGoodMove(definition, slope),
      periods: buckets.length,
      since: timeText(first.startMs),
      probability: p,
      method: "Mann-Kendall test, Sen's slope",
    }),
  };
};

/** Trends over the newest periods, and over the days of each month. */
export function* trendFacts(subject: Subject): Generator<Fact> {
  const days = completeOf(subject.levels.find(({ grain }) => grain === 'day')?.buckets ?? []);
  for (const { grain, buckets } of subject.levels) {
    const length = trendLength[grain];
    if (length === 0 || (grain === 'month' && days.length > 0)) continue;
    const newest = completeOf(buckets.slice(-length));
    const fact = buckets.length < length || newest.length < trendShare * length ? undefined : trendFact(subject, newest, newest.at(-1) as Bucket);
    if (fact !== undefined) yield fact;
  }
  for (const month of subject.levels.find(({ grain }) => grain === 'month')?.buckets ?? []) {
    const inside = days.filter(({ startMs }) => startMs >= month.startMs && startMs < month.endMs);
    const fact = inside.length < trendShare * trendLength.day ? undefined : trendFact(subject, inside, month);
    if (fact !== undefined) yield fact;
  }
}
