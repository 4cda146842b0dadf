import { validationFailed } from '../../shared/errors.ts';
import type { AcceptedDocument, Metadata } from '../../shared/events.ts';
import { type KpiFactField, type KpiMetric, kpiFactFields } from '../../shared/http/kpi.ts';
import type { NamedFile } from '../ingest/blob-ref.ts';
import { settleSpace } from '../ingest/settle.ts';
import type { Embedders } from '../ports/embedder.ts';
import { type MetricRecord, metricRecord, newMetric } from '../records/metric-records.ts';
import type { SpaceRecords } from '../records/space-records.ts';

/** What the request says of a metric, over what is known. */
const definedBy = (known: MetricRecord, { title, unit, good, grain, timezone, aggregate }: KpiMetric): MetricRecord => ({
  ...known,
  title: title ?? known.title,
  unit: unit ?? known.unit,
  good: good ?? known.good,
  grain: grain ?? known.grain,
  timezone: timezone ?? known.timezone,
  aggregate: aggregate ?? known.aggregate,
});

const requireUnit = (known: MetricRecord, { metric, unit }: KpiMetric, index: number): void => {
  if (unit === undefined || known.unit === null || known.unit === unit) return;
  const message = `is ${unit}, but ${metric} is measured in ${known.unit} in this space; convert the values, or give them another metric name`;
  throw validationFailed([{ path: `metrics.${index}.unit`, message }]);
};

const samples: Record<(typeof kpiFactFields)[KpiFactField], NonNullable<Metadata[string]>> = { string: '', number: 0, boolean: false, 'string[]': [] };

/** A document with every metadata key that facts of these metrics may have. */
const sampleFacts = (metrics: readonly KpiMetric[]): AcceptedDocument[] => {
  const own = Object.fromEntries(Object.entries(kpiFactFields).map(([key, type]) => [key, samples[type]]));
  return [
    { id: 'kpi', type: 'kpi', text: '', metadata: own },
    ...metrics.map(({ metric, dimensions }) => ({ id: `kpi:${metric}`, type: 'kpi', text: '', metadata: dimensions ?? {} })),
  ];
};

/**
 * Fixes what facts of these metrics will be, before measurements are accepted: the space's model and metadata keys, and
 * what each metric is. What a request says of a metric holds for all of it from then on; its unit never changes.
 * @throws NexusError 409 `nexus.embedding_mismatch`; 422 for another unit, or where facts do not fit the space's metadata
 */
export const settleMetrics = async (
  records: SpaceRecords,
  metrics: readonly KpiMetric[],
  embedders: Embedders,
  nowMs: () => number,
  files: readonly NamedFile[],
): Promise<{ epoch: number; defined: MetricRecord[] }> => {
  const present = (await records.settings.read())?.value.epoch ?? 1;
  for (const [index, metric] of metrics.entries()) {
    const known = await metricRecord(records, present, metric.metric, nowMs).read();
    if (known !== undefined) requireUnit(known.value, metric, index);
  }
  const { epoch, refused } = await settleSpace(records, sampleFacts(metrics), embedders, nowMs, files);
  const [misfit] = refused;
  if (misfit !== undefined)
    throw validationFailed([{ path: 'metrics', message: `${misfit.message} Facts need it otherwise: use another space, or another name for the dimension.` }]);

  const defined: MetricRecord[] = [];
  for (const [index, metric] of metrics.entries()) {
    const register = metricRecord(records, epoch, metric.metric, nowMs);
    for (;;) {
      const entry = await register.read();
      const known = entry?.value ?? newMetric(records, metric.metric);
      requireUnit(known, metric, index);
      const next = definedBy(known, metric);
      const unchanged = entry !== undefined && JSON.stringify(next) === JSON.stringify(known);
      if (!unchanged && !(await register.write(entry, next))) continue;
      defined.push(next);
      break;
    }
  }
  return { epoch, defined };
};
