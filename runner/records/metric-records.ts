import { z } from 'zod';
import { sha256Hex } from '../../shared/bytes.ts';
import { kpiAggregates, kpiGrains } from '../../shared/http/kpi.ts';
import { spaceKeyText } from '../../shared/space-key.ts';
import { type Register, register } from './register.ts';
import type { SpaceRecords } from './space-records.ts';

const metricSchema = z.object({
  space: z.string(),
  metric: z.string(),
  title: z.string().nullable(),
  unit: z.string().nullable(),
  good: z.enum(['up', 'down']).nullable(),
  grain: z.enum(kpiGrains),
  timezone: z.string(),
  aggregate: z.enum(kpiAggregates),
});
/** What a space was told of a metric. The unit stays; what else was said last holds. */
export type MetricRecord = z.infer<typeof metricSchema>;

export const newMetric = ({ key }: SpaceRecords, metric: string): MetricRecord => ({
  ...{ space: spaceKeyText(key), metric, title: null, unit: null, good: null },
  ...{ grain: 'day', timezone: 'UTC', aggregate: 'mean' },
});

const folderOf = ({ place }: SpaceRecords, epoch: number): string => `${place.metrics}/${epoch}`;

/** One metric in one life of a space. A name may be any text, so its hash names the folder. */
export const metricRecord = (records: SpaceRecords, epoch: number, metric: string, nowMs: () => number): Register<MetricRecord> => {
  const space = spaceKeyText(records.key);
  return register({
    blobs: records.blobs,
    folder: `${folderOf(records, epoch)}/${sha256Hex(metric).slice(0, 32)}`,
    parse(json) {
      const value = metricSchema.parse(json);
      if (value.space !== space || value.metric !== metric) throw new Error(`belongs to ${value.metric} of the space ${value.space}`);
      return value;
    },
    nowMs,
  });
};

/** Removes what earlier lives of a space were told. */
export const removeMetrics = async (records: SpaceRecords, beforeEpoch: number): Promise<void> => {
  const { blobs, place } = records;
  for (const epoch of await blobs.list(place.metrics, { folders: true })) {
    if (!/^\d+$/.test(epoch) || Number(epoch) >= beforeEpoch) continue;
    for (const metric of await blobs.list(`${place.metrics}/${epoch}`, { folders: true }))
      for (const name of await blobs.list(`${place.metrics}/${epoch}/${metric}`)) await blobs.delete(`${place.metrics}/${epoch}/${metric}/${name}`);
  }
};
