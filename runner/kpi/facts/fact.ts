import type { Metadata } from '../../../shared/events.ts';
import type { Dimensions, KpiAggregate, KpiFactField, KpiGrain } from '../../../shared/http/kpi.ts';
import type { Calendar, Period } from '../calendar.ts';
import type { Bucket, Pace } from '../periods.ts';
import { seriesName } from '../series.ts';

/** What a metric is, in one space. */
export interface MetricDefinition {
  metric: string;
  title: string | null;
  unit: string | null;
  /** Which way is good; null: nobody said. */
  good: 'up' | 'down' | null;
  grain: KpiGrain;
  timezone: string;
  aggregate: KpiAggregate;
}

export type FactKind = 'level' | 'trend' | 'record' | 'anomaly' | 'change_point' | 'missing' | 'summary';

/** A short true statement with its figures. */
export interface Fact {
  kind: FactKind;
  period: Period;
  text: string;
  figures: Partial<Record<KpiFactField, string | number | boolean>>;
}

/** The series that facts are made from, cut into periods. */
export interface Subject {
  definition: MetricDefinition;
  dimensions: Dimensions;
  calendar: Calendar;
  pace: Pace;
  /** By grain, finest first. */
  levels: { grain: KpiGrain; buckets: Bucket[] }[];
}

/** Times in metadata: RFC 3339 in UTC, in one width, so that they sort as text. */
export const timeText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** `kpi:{metric}:{dimensions}:{kind}:{period}`: the same fact, made again, is the same document. */
export const factId = ({ definition: { metric }, dimensions, calendar }: Subject, { kind, period }: Fact): string =>
  `${seriesName({ metric, dimensions })}:${kind}:${calendar.key(period)}`;

/** Every figure of a fact, and what it is about. */
export const factMetadata = (subject: Subject, { kind, period, figures }: Fact): Metadata => {
  const { definition, dimensions, calendar } = subject;
  const { metric, title, unit, timezone, aggregate } = definition;
  const names = Object.entries(dimensions).map(([name, value]) => `${name}=${value}`);
  return {
    metric,
    ...(title === null ? {} : { title }),
    ...(unit === null ? {} : { unit }),
    ...dimensions,
    ...(names.length === 0 ? {} : { dimensions: names.sort() }),
    kind,
    grain: period.grain,
    timezone,
    aggregate,
    period: calendar.key(period),
    period_start: timeText(period.startMs),
    period_end: timeText(period.endMs),
    ...figures,
  };
};
