import type { KpiGrain } from '../../../shared/http/kpi.ts';
import type { Calendar } from '../calendar.ts';
import type { Bucket } from '../periods.ts';
import { type Outlier, outliersIn } from '../statistics/outliers.ts';
import type { Pattern } from '../statistics/seasonal.ts';
import { type Fact, type Subject, timeText } from './fact.ts';
import { changePct, directionOf, figure, isGoodMove, judged, measure, percent, present, stated, titleOf, when } from './words.ts';

const hourMs = 3_600_000;

/** Reach of the running median to either side, in periods: a week of hours, three weeks of days, a year of months. */
export const reach: Record<KpiGrain, number> = { hour: 84, day: 10, week: 6, month: 6 };
/** Outliers this close to each other are one episode, told once, by its strongest. */
const episodeMs: Record<KpiGrain, number> = { hour: 24 * hourMs, day: 48 * hourMs, week: 8 * 24 * hourMs, month: 32 * 24 * hourMs };

/** How values of a grain may repeat, finest first. */
export const patternsOf = (calendar: Calendar, grain: KpiGrain, buckets: readonly Bucket[]): Pattern[] => {
  if (grain === 'month' || grain === 'week') return [];
  const clocks = buckets.map(({ startMs }) => calendar.clock(startMs));
  if (grain === 'day') return [{ name: 'day of the week', phases: clocks.map(({ weekday }) => weekday) }];
  return [
    { name: 'hour of the week', phases: clocks.map(({ hour, weekday }) => weekday * 24 + hour) },
    { name: 'hour of working days and weekends', phases: clocks.map(({ hour, weekday }) => (weekday > 4 ? 24 : 0) + hour) },
    { name: 'hour of the day', phases: clocks.map(({ hour }) => hour) },
  ];
};

/** Outliers of one episode. */
type Episode = Outlier[];

const episodesOf = (outliers: readonly Outlier[], buckets: readonly Bucket[], gapMs: number): Episode[] => {
  const episodes: Episode[] = [];
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const outlier of outliers) {
    const { startMs } = buckets[outlier.index] as Bucket;
    const current = episodes.at(-1);
    if (current !== undefined && startMs - lastMs <= gapMs) current.push(outlier);
    else episodes.push([outlier]);
    lastMs = startMs;
  }
  return episodes;
};

const strongest = (episode: Episode): Outlier => episode.reduce((best, one) => (Math.abs(one.score) > Math.abs(best.score) ? one : best));

const anomalyFact = (subject: Subject, episode: Episode, buckets: readonly Bucket[], pattern: string | undefined, limit: number): Fact => {
  const { definition } = subject;
  const { index, expected, score } = strongest(episode);
  const bucket = buckets[index] as Bucket;
  const [first, last] = [episode[0], episode.at(-1)].map((outlier) => buckets[outlier?.index ?? index] as Bucket) as [Bucket, Bucket];
  const deviation = bucket.value - expected;
  const pct = changePct(bucket.value, expected);
  const side = deviation > 0 ? 'above' : 'below';
  const far = pct === undefined ? `${measure(definition, Math.abs(deviation))} ${side}` : `${percent(pct)} ${side}`;
  const method = `modified z-score around a running median${pattern === undefined ? '' : ` and the ${pattern}`}`;
  const sentences = [
    `Anomaly in ${titleOf(subject)} ${when(subject, bucket)}: it ${stated(definition, bucket.value)}, ${far} the expected ${measure(definition, expected)}${judged(definition, deviation)}.`,
    `That is ${figure(Number(Math.abs(score).toFixed(1)))} robust standard deviations away (${method}).`,
  ];
  if (first !== last)
    sentences.push(`It was the strongest of ${episode.length} unusual values from ${subject.calendar.name(first)} to ${subject.calendar.name(last)}.`);
  return {
    kind: 'anomaly',
    period: bucket,
    text: sentences.join(' '),
    figures: present({
      value: bucket.value,
      measurements: bucket.count,
      expected,
      deviation_pct: pct,
      strength: Math.abs(score),
      limit,
      method,
      direction: directionOf(deviation),
      is_good: isGoodMove(definition, deviation),
      periods: episode.length,
      episode_start: timeText(first.startMs),
      episode_end: timeText(last.endMs),
    }),
  };
};

/**
 * Values that stand out, an episode at a time, in order of time. At most `most`, the strongest: who is warned of
 * everything is warned of nothing.
 */
export const anomalyFacts = (subject: Subject, { grain, buckets }: { grain: KpiGrain; buckets: readonly Bucket[] }, most: number): Fact[] => {
  const complete = buckets.filter(({ isComplete }) => isComplete);
  const values = complete.map(({ value }) => value);
  const { outliers, pattern, limit } = outliersIn(values, reach[grain], patternsOf(subject.calendar, grain, complete));
  const episodes = episodesOf(outliers, complete, episodeMs[grain]).sort((a, b) => Math.abs(strongest(b).score) - Math.abs(strongest(a).score));
  return episodes
    .slice(0, most)
    .map((episode) => anomalyFact(subject, episode, complete, pattern, limit))
    .sort((a, b) => a.period.startMs - b.period.startMs);
};
