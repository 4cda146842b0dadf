import { type RequestContext, targetSpace } from '../../shared/context.ts';
import { KPI_REQUESTED, type KpiPayload, type KpiSeries } from '../../shared/events.ts';
import type { KpiBody, KpiMetric } from '../../shared/http/kpi.ts';
import { limits } from '../../shared/limits.ts';
import type { SpaceKey } from '../../shared/space-key.ts';
import { type AcceptIngestDeps, blobRefDeps } from '../ingest/accept-ingest.ts';
import { type NamedFile, resolveBlobRef } from '../ingest/blob-ref.ts';
import type { MetricRecord } from '../records/metric-records.ts';
import { type AcceptanceCall, acceptRequest, carry } from '../tasks/acceptance.ts';
import { packNumbers } from './packed-numbers.ts';
import { judgeRows, type Refused, rowOfJson } from './rows.ts';
import { settleMetrics } from './settle-metrics.ts';

/** Accepts measurements. Rows that are none are reported by the task, the others are used. @throws NexusError 409, 422, 503; then nothing was accepted */
export const acceptKpi = (
  deps: AcceptIngestDeps,
  context: RequestContext,
  spaceId: string,
  body: KpiBody,
  call: AcceptanceCall,
): Promise<{ task_id: string }> => {
  const key = targetSpace(context, body.scope, spaceId);
  const { records } = deps.places.space(key);
  return acceptRequest(deps, context, key, call, async (common) => {
    const named = await Promise.all(body.metrics.map(({ blob_ref }, index) => resolve(deps, context, key, blob_ref, `metrics.${index}.blob_ref`)));
    const files = named.flatMap((one) => one?.file ?? []);
    const { epoch, defined } = await settleMetrics(records, body.metrics, deps.embedders, deps.nowMs, files);
    const payload: KpiPayload = { series: [], refused: [], refused_rows: 0 };
    for (const [index, metric] of body.metrics.entries()) {
      const { series, refused } = await seriesOf(metric, defined[index] as MetricRecord, named[index]?.blob, index);
      payload.series.push(series);
      payload.refused.push(...refused.errors.slice(0, limits.taskErrors - payload.refused.length));
      payload.refused_rows += refused.rows;
    }
    const carried = await carry(deps.places.blobs(key), key, { epoch, task_id: common.task_id }, payload);
    const data = { ...common, epoch, ...('ref' in carried ? { payload_ref: carried.ref } : { payload: carried.inline }) };
    return { kind: 'kpi', documents: 0, request: { type: KPI_REQUESTED, data } };
  });
};

const resolve = async (
  deps: AcceptIngestDeps,
  context: RequestContext,
  key: SpaceKey,
  ref: string | undefined,
  path: string,
): Promise<{ blob: KpiSeries['blob']; file: NamedFile } | undefined> => {
  if (ref === undefined) return undefined;
  const file = await resolveBlobRef(blobRefDeps(deps, key), context, key, ref, path);
  return { blob: { location: file.location, ref }, file };
};

/** One metric of a request as its event carries it. */
const seriesOf = async (
  { metric, dimensions = {}, measurements = [] }: KpiMetric,
  { timezone, unit }: MetricRecord,
  blob: KpiSeries['blob'],
  index: number,
): Promise<{ series: KpiSeries; refused: Refused }> => {
  const about = { metric, dimensions, timezone, unit };
  if (blob !== undefined) return { series: { ...about, blob }, refused: { errors: [], rows: 0 } };
  const rows = measurements.map((row, place) => rowOfJson(row, `metrics.${index}.measurements.${place}`));
  const { series, refused } = await judgeRows(rows, { ...about, fromText: false });
  return { series: { ...about, at: packNumbers(series.at), value: packNumbers(series.value) }, refused };
};
