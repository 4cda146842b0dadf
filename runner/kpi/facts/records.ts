import type { KpiGrain } from '../../../shared/http/kpi.ts';
import type { Bucket } from '../periods.ts';
import { type Fact, type Subject, timeText } from './fact.ts';
import { extremesOf } from './levels.ts';
import { present, stated, titleOf, when } from './words.ts';

/** Fewer periods have no record worth the word. */
const minPeriods = 8;
/** The newest period is "the highest since" when it beats this many before it: a fortnight of days, a quarter of weeks. */
const minSince = 13;

const plural: Record<KpiGrain, string> = { hour: 'hours', day: 'days', week: 'weeks', month: 'months' };

type Extreme = 'highest' | 'lowest';

const isBest = ({ definition: { good } }: Subject, extreme: Extreme): boolean | undefined =>
  good === null ? undefined : (good === 'up') === (extreme === 'highest');

/** "Worst day", or, when nobody said what good is, "Lowest day (worst if more is better)". */
const headOf = (subject: Subject, extreme: Extreme, grain: KpiGrain): string => {
  const best = isBest(subject, extreme);
  if (best !== undefined) return `${best ? 'Best' : 'Worst'} ${grain} for ${titleOf(subject)}`;
  const [head, remark] = extreme === 'highest' ? ['Highest', 'best'] : ['Lowest', 'worst'];
  return `${head} ${grain} for ${titleOf(subject)} (${remark} if more is better)`;
};

const recordFact = (subject: Subject, extreme: Extreme, bucket: Bucket, beaten: number, sinceMs: number, remark: string): Fact => ({
  kind: 'record',
  period: bucket,
  text: `${headOf(subject, extreme, bucket.grain)}: ${when(subject, bucket)} it ${stated(subject.definition, bucket.value)}, ${remark}.`,
  figures: present({
    value: bucket.value,
    measurements: bucket.count,
    record: extreme,
    is_good: isBest(subject, extreme),
    periods: beaten,
    since: timeText(sinceMs),
  }),
});

/** The newest period, when it stands out of those before it without being the record of all. */
const sinceFact = (subject: Subject, buckets: readonly Bucket[]): Fact | undefined => {
  const newest = buckets.at(-1);
  if (newest === undefined) return undefined;
  for (const extreme of ['highest', 'lowest'] as const) {
    const beats = ({ value }: Bucket) => (extreme === 'highest' ? value < newest.value : value > newest.value);
    const last = buckets.slice(0, -1).findLastIndex((bucket) => !beats(bucket));
    const equal = buckets[last];
    const beaten = buckets.length - 2 - last;
    if (equal === undefined || beaten < minSince) continue;
    const remark = `the ${extreme} since ${subject.calendar.name(equal)}, ${beaten} ${plural[newest.grain]} in between`;
    return recordFact(subject, extreme, newest, beaten, equal.startMs, remark);
  }
  return undefined;
};

/** The highest and the lowest period of each grain, and what the newest one beats. */
export function* recordFacts(subject: Subject): Generator<Fact> {
  for (const { grain, buckets } of subject.levels) {
    const complete = buckets.filter(({ isComplete }) => isComplete);
    const extremes = extremesOf(complete);
    const first = complete[0];
    if (complete.length < minPeriods || extremes === undefined || first === undefined) continue;
    for (const extreme of ['highest', 'lowest'] as const) {
      const remark = `the ${extreme} of ${complete.length} ${plural[grain]} since ${subject.calendar.name(first)}`;
      yield recordFact(subject, extreme, extremes[extreme], complete.length, first.startMs, remark);
    }
    const newest = complete.at(-1);
    const since = newest === extremes.highest || newest === extremes.lowest ? undefined : sinceFact(subject, complete);
    if (since !== undefined) yield since;
  }
}
