import type { Metadata } from '../../shared/events.ts';
import type { Dimensions, KpiGrain } from '../../shared/http/kpi.ts';
import { calendarOf, usualMs } from './calendar.ts';
import { anomalyFacts } from './facts/anomalies.ts';
import { changeFacts, trendFacts } from './facts/changes.ts';
import { type Fact, factId, factMetadata, type MetricDefinition, type Subject } from './facts/fact.ts';
import { levelFacts } from './facts/levels.ts';
import { missingFacts } from './facts/missing.ts';
import { recordFacts } from './facts/records.ts';
import { summaryFact } from './facts/summary.ts';
import { type Bucket, bucketsOf, grainsFor, type Pace, paceOf } from './periods.ts';
import type { Series } from './series.ts';

/** A fact as a document. */
export interface FactDocument {
  id: string;
  text: string;
  metadata: Metadata;
}

/** Warnings that a reader is given: one for so many measurements, but some for the shortest series. */
const measurementsPerWarning = 500;
const fewestWarnings = 4;
/** Measured once a day or less, a warning every two weeks is not many. */
const daysPerWarning = 15;

const warningsFor = ({ at }: Series, { intervalMs }: Pace): number => {
  if (intervalMs < 0.9 * usualMs.day) return Math.max(fewestWarnings, Math.floor(at.length / measurementsPerWarning));
  const days = ((at[at.length - 1] ?? 0) - (at[0] ?? 0)) / 1000 / usualMs.day;
  return Math.max(fewestWarnings, Math.floor(days / daysPerWarning));
};

/** Where anomalies are looked for: in hours where a metric of days is measured more often, else in its own periods. */
const anomalyLevel = (subject: Subject, series: Series): { grain: KpiGrain; buckets: Bucket[] } | undefined => {
  const { definition, calendar, pace } = subject;
  const hours = definition.grain === 'day' && pace.isRegular && pace.intervalMs <= usualMs.hour;
  return hours ? { grain: 'hour', buckets: bucketsOf(series, calendar, 'hour', definition.aggregate, pace) } : subject.levels[0];
};

/**
 * Everything that is true of a series and worth telling, as documents in a fixed order: the same measurements give the
 * same facts, whatever order they came in. Stops between pieces of work, so that who runs it can do something else.
 */
export function* factsOf(definition: MetricDefinition, dimensions: Dimensions, series: Series): Generator<undefined, FactDocument[]> {
  const pace = paceOf(series);
  if (pace === undefined) return [];
  const calendar = calendarOf(definition.timezone);
  const subject: Subject = { definition, dimensions, calendar, pace, levels: [] };
  for (const grain of grainsFor(definition.grain, pace)) {
    subject.levels.push({ grain, buckets: bucketsOf(series, calendar, grain, definition.aggregate, pace) });
    yield;
  }
  const found: Fact[] = [];
  for (const fact of levelFacts(subject)) {
    found.push(fact);
    if (found.length % 200 === 0) yield;
  }
  yield;
  found.push(...recordFacts(subject));
  yield;
  const changes = changeFacts(subject);
  yield;
  const level = anomalyLevel(subject, series);
  const warnings = warningsFor(series, pace) - changes.length;
  if (level !== undefined && warnings > 0) found.push(...anomalyFacts(subject, level, warnings));
  yield;
  found.push(...changes, ...trendFacts(subject), ...missingFacts(subject));
  const summary = summaryFact(subject, found);
  if (summary !== undefined) found.push(summary);
  yield;
  return found.map((fact) => ({ id: factId(subject, fact), text: fact.text, metadata: factMetadata(subject, fact) }));
}
