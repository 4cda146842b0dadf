import type { KpiGrain } from '../../../shared/http/kpi.ts';
import { limits } from '../../../shared/limits.ts';
import type { Bucket } from '../periods.ts';
import type { Fact, Subject } from './fact.ts';
import { changePct, changeText, directionOf, isGoodMove, judged, measure, present, stated, titleOf, when } from './words.ts';

/** What a period is set beside, other than the one before it. */
const earlier: Record<KpiGrain, { week?: { days: number }; year?: { years: number } | { weeks: number } }> = {
  hour: { week: { days: 7 } },
  day: { week: { days: 7 }, year: { years: 1 } },
  week: { year: { weeks: 52 } },
  month: { year: { years: 1 } },
};
const previousName: Record<KpiGrain, string> = { hour: 'the hour before', day: 'the day before', week: 'the week before', month: 'the month before' };
const weekAgoName = 'a week earlier';
const yearAgoName: Record<KpiGrain, string> = {
  hour: '',
  day: 'on the same date a year earlier',
  week: 'in the same week a year earlier',
  month: 'in the same month a year earlier',
};

/** Days from which on a longer period has a highest and a lowest one worth telling. */
const daysToTell = 5;

interface Around {
  previous: Bucket | undefined;
  weekAgo: Bucket | undefined;
  yearAgo: Bucket | undefined;
}

/** Only what is complete can be compared. */
const comparable = (bucket: Bucket, other: Bucket | undefined): Bucket | undefined => (bucket.isComplete && other?.isComplete ? other : undefined);

const levelFact = (subject: Subject, bucket: Bucket, { previous, weekAgo, yearAgo }: Around, days: readonly Bucket[]): Fact => {
  const { definition } = subject;
  const { value, grain } = bucket;
  const sentences: string[] = [];

  const change = previous === undefined ? undefined : value - previous.value;
  const moved = previous === undefined ? '' : `, ${changeText(definition, value, previous.value)} ${previousName[grain]}${judged(definition, change ?? 0)}`;
  // Longer periods are what people ask about: "What happened to … in July?"
  sentences.push(
    grain === 'week' || grain === 'month'
      ? `What happened to ${titleOf(subject)} ${when(subject, bucket)}: it ${stated(definition, value)}${moved}.`
      : `${titleOf(subject)} ${stated(definition, value)} ${when(subject, bucket)}${moved}.`,
  );
  if (weekAgo !== undefined) sentences.push(`That is ${changeText(definition, value, weekAgo.value)} ${weekAgoName}.`);
  if (yearAgo !== undefined) sentences.push(`That is ${changeText(definition, value, yearAgo.value)} ${yearAgoName[grain]}.`);
  if (!bucket.isComplete) sentences.push(`Only ${bucket.count} measurements were made, so it is not compared with other periods.`);

  const extremes = days.length < daysToTell ? undefined : extremesOf(days);
  if (extremes !== undefined) {
    const told = ({ value: one, ...period }: Bucket) => `${subject.calendar.name(period)} (${measure(definition, one)})`;
    sentences.push(`Its highest day was ${told(extremes.highest)}, its lowest ${told(extremes.lowest)}.`);
  }
  return {
    kind: 'level',
    period: bucket,
    text: sentences.join(' '),
    figures: present({
      value,
      measurements: bucket.count,
      previous_value: previous?.value,
      change,
      change_pct: previous === undefined ? undefined : changePct(value, previous.value),
      direction: change === undefined ? undefined : directionOf(change),
      is_good: change === undefined ? undefined : isGoodMove(definition, change),
      week_ago_value: weekAgo?.value,
      week_change: weekAgo === undefined ? undefined : value - weekAgo.value,
      week_change_pct: weekAgo === undefined ? undefined : changePct(value, weekAgo.value),
      year_ago_value: yearAgo?.value,
      year_change: yearAgo === undefined ? undefined : value - yearAgo.value,
      year_change_pct: yearAgo === undefined ? undefined : changePct(value, yearAgo.value),
      ...(extremes === undefined
        ? {}
        : {
            highest_value: extremes.highest.value,
            highest_period: subject.calendar.key(extremes.highest),
            lowest_value: extremes.lowest.value,
            lowest_period: subject.calendar.key(extremes.lowest),
          }),
    }),
  };
};

/** The first of equals; undefined when all are equal. */
export const extremesOf = (buckets: readonly Bucket[]): { highest: Bucket; lowest: Bucket } | undefined => {
  const [first] = buckets;
  if (first === undefined) return undefined;
  let [highest, lowest] = [first, first];
  for (const bucket of buckets) {
    if (bucket.value > highest.value) highest = bucket;
    if (bucket.value < lowest.value) lowest = bucket;
  }
  return highest.value === lowest.value ? undefined : { highest, lowest };
};

/** The complete days of each longer period, by its start. */
const daysIn = (days: readonly Bucket[], longer: readonly Bucket[]): Map<number, Bucket[]> => {
  const found = new Map<number, Bucket[]>();
  let next = 0;
  for (const { startMs, endMs } of longer) {
    while (next < days.length && (days[next] as Bucket).startMs < startMs) next += 1;
    const from = next;
    while (next < days.length && (days[next] as Bucket).startMs < endMs) next += 1;
    found.set(
      startMs,
      days.slice(from, next).filter(({ isComplete }) => isComplete),
    );
  }
  return found;
};

/** One fact for each closed period: how much, and how that compares with the period before, a week and a year earlier. */
export function* levelFacts(subject: Subject): Generator<Fact> {
  const days = subject.levels.find(({ grain }) => grain === 'day')?.buckets ?? [];
  for (const { grain, buckets } of subject.levels) {
    const byStart = new Map(buckets.map((bucket): [number, Bucket] => [bucket.startMs, bucket]));
    const inside = grain === 'week' || grain === 'month' ? daysIn(days, buckets) : new Map<number, Bucket[]>();
    for (const [index, bucket] of buckets.entries()) {
      if (index < buckets.length - limits.kpiPeriods) continue;
      const before = buckets[index - 1];
      const ago = (by: { days?: number; weeks?: number; years?: number } | undefined) =>
        by === undefined ? undefined : comparable(bucket, byStart.get(subject.calendar.earlierMs(bucket, by)));
      const around: Around = {
        previous: comparable(bucket, before?.endMs === bucket.startMs ? before : undefined),
        weekAgo: ago(earlier[grain].week),
        yearAgo: ago(earlier[grain].year),
      };
      yield levelFact(subject, bucket, around, inside.get(bucket.startMs) ?? []);
    }
  }
}
