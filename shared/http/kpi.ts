import { z } from 'zod';
import { isMetadataKey } from '../filter.ts';
import { limits } from '../limits.ts';
import { scopeSchema } from '../space-key.ts';

/** Finest first. */
export const kpiGrains = ['hour', 'day', 'week', 'month'] as const;
export type KpiGrain = (typeof kpiGrains)[number];
export const kpiAggregates = ['mean', 'sum', 'last', 'max'] as const;
export type KpiAggregate = (typeof kpiAggregates)[number];

/** Metadata keys that facts have of their own, with the type of each; a dimension needs another name. */
export const kpiFactFields = {
  metric: 'string',
  title: 'string',
  unit: 'string',
  dimensions: 'string[]',
  kind: 'string',
  grain: 'string',
  timezone: 'string',
  aggregate: 'string',
  period: 'string',
  period_start: 'string',
  period_end: 'string',
  value: 'number',
  measurements: 'number',
  expected_measurements: 'number',
  direction: 'string',
  is_good: 'boolean',
  previous_value: 'number',
  change: 'number',
  change_pct: 'number',
  week_ago_value: 'number',
  week_change: 'number',
  week_change_pct: 'number',
  year_ago_value: 'number',
  year_change: 'number',
  year_change_pct: 'number',
  highest_value: 'number',
  highest_period: 'string',
  lowest_value: 'number',
  lowest_period: 'string',
  last_anomaly: 'string',
  last_change_point: 'string',
  record: 'string',
  periods: 'number',
  since: 'string',
  expected: 'number',
  deviation_pct: 'number',
  strength: 'number',
  limit: 'number',
  method: 'string',
  episode_start: 'string',
  episode_end: 'string',
  value_before: 'number',
  value_after: 'number',
  periods_before: 'number',
  periods_after: 'number',
  before_start: 'string',
  after_end: 'string',
  probability: 'number',
  slope: 'number',
  missing_periods: 'number',
} as const satisfies Record<string, 'string' | 'number' | 'boolean' | 'string[]'>;
export type KpiFactField = keyof typeof kpiFactFields;

/** What a file of measurements may call its columns, in any case. */
export const kpiColumns = { at: ['timestamp', 'at', 'time', 'datetime', 'date'], value: ['value'], unit: ['unit'] } as const;

const hasControl = (text: string): boolean => /[\u0000-\u001f\u007f]/.test(text);

const dimensionTextSchema = z
  .string()
  .min(1)
  .max(limits.kpiDimensionChars)
  .refine((text) => !hasControl(text) && text.isWellFormed(), 'must not contain control characters or lone surrogates');

/** Says what a metric is; a number of another metric, unit or time zone cannot be told from its value. */
export const kpiDimensionsSchema = z
  .record(z.string(), z.union([dimensionTextSchema, z.number(), z.boolean()]))
  .refine(
    (dimensions) => Object.keys(dimensions).every((key) => isMetadataKey(key) && !Object.hasOwn(kpiFactFields, key)),
    'names must begin with a letter or _, have up to 64 letters, digits, _ . -, and not be a field that facts have themselves',
  )
  .refine((dimensions) => Object.keys(dimensions).length <= limits.kpiDimensions, `has more than ${limits.kpiDimensions} dimensions`);
export type Dimensions = z.infer<typeof kpiDimensionsSchema>;

const isTimeZone = (name: string): boolean => {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
};

const plainText = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .refine((text) => !hasControl(text) && text.isWellFormed() && text.trim() === text, 'must be plain text without spaces around it');

/** A row that is wrong is reported and the others are used, so rows are looked at one by one, later; here it is only how many. */
const measurementsSchema = z
  .custom<unknown[]>((value) => Array.isArray(value), 'must be a list of {"at", "value"}')
  .refine((rows) => rows.length <= limits.kpiMeasurements, `has more than ${limits.kpiMeasurements} measurements; send them in several requests`)
  .meta({
    type: 'array',
    maxItems: limits.kpiMeasurements,
    items: {
      type: 'object',
      properties: {
        at: { type: 'string', description: "RFC 3339, or a date with or without a time in the metric's time zone" },
        value: { type: 'number' },
      },
      required: ['at', 'value'],
    },
  });

export const kpiMetricSchema = z
  .strictObject({
    metric: z
      .string()
      .regex(/^[\p{L}\p{N}][\p{L}\p{N} _./%+-]{0,63}$/u, 'must be 1 to 64 letters, digits, spaces or _ . / % + -, and begin with a letter or digit')
      .refine((metric) => metric.trim() === metric, 'must not end with a space'),
    title: plainText(limits.kpiTitleChars).optional().meta({ description: 'What sentences call it; else the metric' }),
    unit: plainText(limits.kpiUnitChars).optional().meta({ description: 'Of every value of this metric in this space' }),
    good: z.enum(['up', 'down']).optional().meta({ description: 'Which way is good; left out, nobody is told' }),
    grain: z.enum(kpiGrains).optional().meta({ description: 'The shortest period that facts are about; default day' }),
    timezone: z.string().refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin').optional().meta({ description: 'Default UTC' }),
    aggregate: z.enum(kpiAggregates).optional().meta({ description: 'How the measurements of a period become one value; default mean' }),
    dimensions: kpiDimensionsSchema.optional(),
    measurements: measurementsSchema.optional(),
    blob_ref: z.string().min(1).max(2048).optional().meta({ description: '`nexus://{name}` of an uploaded CSV or JSONL file of timestamp and value' }),
  })
  .refine(({ measurements, blob_ref }) => (measurements === undefined) !== (blob_ref === undefined), 'give exactly one of measurements and blob_ref');
export type KpiMetric = z.infer<typeof kpiMetricSchema>;

const identity = ({ metric, dimensions = {} }: KpiMetric): string => JSON.stringify([metric, Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);

/** What is said of a metric itself, whatever it is measured of. */
export const kpiDefinitionFields = ['title', 'unit', 'good', 'grain', 'timezone', 'aggregate'] as const;

export const kpiBodySchema = z
  .strictObject({
    scope: scopeSchema.optional(),
    metrics: z.array(kpiMetricSchema).min(1).max(limits.kpiSeries),
  })
  .superRefine(({ metrics }, ctx) => {
    const rows = metrics.reduce((sum, { measurements = [] }) => sum + (Array.isArray(measurements) ? measurements.length : 0), 0);
    if (rows > limits.kpiMeasurements)
      ctx.addIssue({
        code: 'custom',
        path: ['metrics'],
        message: `have more than ${limits.kpiMeasurements} measurements together; send them in several requests`,
      });
    const seen = new Set<string>();
    const said = new Map<string, KpiMetric>();
    metrics.forEach((metric, index) => {
      const name = identity(metric);
      if (seen.has(name)) ctx.addIssue({ code: 'custom', path: ['metrics', index], message: 'is there twice in this request, with the same dimensions' });
      seen.add(name);
      const earlier = said.get(metric.metric) ?? metric;
      for (const field of kpiDefinitionFields) {
        if (earlier[field] === undefined || metric[field] === undefined || earlier[field] === metric[field]) continue;
        ctx.addIssue({
          code: 'custom',
          path: ['metrics', index, field],
          message: `is ${earlier[field]} for the same metric earlier in this request; a metric has one ${field}`,
        });
      }
      said.set(metric.metric, { ...metric, ...earlier });
    });
  });
export type KpiBody = z.infer<typeof kpiBodySchema>;
