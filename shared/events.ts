import { z } from 'zod';
import { kpiDimensionsSchema } from './http/kpi.ts';
import { limits } from './limits.ts';
import { type SpaceKey, spaceKeySchema } from './space-key.ts';
import { parseMicros } from './time.ts';

/** What travels on the event spine: CloudEvents 1.0, JSON (structured), wrapped by Pub/Sub push (contract section 8). */

export const chunkingSchema = z.strictObject({
  strategy: z.enum(['auto', 'none', 'recursive', 'markdown']).optional(),
  max_tokens: z.number().int().min(limits.chunkTokensMin).max(limits.chunkTokensMax).optional(),
  overlap_tokens: z.number().int().min(0).max(limits.chunkTokensMax).optional(),
});
export type Chunking = z.infer<typeof chunkingSchema>;

export const metadataValueSchema = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]);
export type Metadata = Record<string, z.infer<typeof metadataValueSchema>>;

/** One document as accepted: its id settled, a `blob_ref` replaced by the location and hash that it named at acceptance. */
export const acceptedDocumentSchema = z.object({
  id: z.string(),
  type: z.string(),
  metadata: z.record(z.string(), metadataValueSchema).optional(),
  text: z.string().optional(),
  content: z.object({ media_type: z.string(), data_base64: z.string() }).optional(),
  blob: z.object({ location: z.string(), ref: z.string() }).optional(),
  /** float32, little-endian, in base64: a tenth of the work that a list of numbers is. */
  vector: z.string().optional(),
});
export type AcceptedDocument = z.infer<typeof acceptedDocumentSchema>;

export const taskErrorSchema = z.object({ doc_id: z.string().nullable(), code: z.string(), message: z.string() });
export type TaskError = z.infer<typeof taskErrorSchema>;

export const ingestPayloadSchema = z.object({
  documents: z.array(acceptedDocumentSchema),
  /** Documents refused at acceptance, there and then; the task reports them. */
  refused: z.array(taskErrorSchema),
});
export type IngestPayload = z.infer<typeof ingestPayloadSchema>;

/** Who asked: their tasks are where they are. */
export const requestedBySchema = z.object({ tenant_id: z.string(), env: z.string(), project_id: z.string(), surface_id: z.string(), subject: z.string() });

/** What every accepted request carries, whatever it asks for. */
const accepted = {
  task_id: z.string(),
  space: spaceKeySchema,
  /** The life of the space that the request was accepted into: deleting a space begins the next one. */
  epoch: z.number().int(),
  requested_by: requestedBySchema,
  request_id: z.string(),
};

export const ingestRequestSchema = z.object({
  ...accepted,
  payload: ingestPayloadSchema.optional(),
  /** Name of the blob that holds the payload, in the space's payload folder. */
  payload_ref: z.string().optional(),
  chunking: chunkingSchema.optional(),
});
export type IngestRequest = z.infer<typeof ingestRequestSchema>;

export const INGEST_REQUESTED = 'nexus.ingest_requested';
export const KPI_REQUESTED = 'nexus.kpi_requested';
export const DELETE_REQUESTED = 'nexus.delete_requested';
export const HAZE_REQUESTED = 'nexus.haze_requested';
export const MAINTENANCE_REQUESTED = 'nexus.maintenance_requested';

/** What is to go: documents by id, documents by what they say, or everything up to an epoch. */
export const deleteTargetSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('documents'), doc_ids: z.array(z.string()) }),
  z.object({ kind: z.literal('filter'), filter: z.record(z.string(), z.unknown()) }),
  z.object({ kind: z.literal('space'), accepted_at: z.string() }),
]);
export type DeleteTarget = z.infer<typeof deleteTargetSchema>;

export const deleteRequestSchema = z.object({
  ...accepted,
  target: deleteTargetSchema.optional(),
  /** Name of the blob that holds the target, in the space's payload folder. */
  target_ref: z.string().optional(),
});
export type DeleteRequest = z.infer<typeof deleteRequestSchema>;

/** Measurements of one series: here, or in a file that is named by its content. */
export const kpiSeriesSchema = z.object({
  metric: z.string(),
  dimensions: kpiDimensionsSchema,
  /** What rows that say less mean. */
  timezone: z.string(),
  unit: z.string().nullable(),
  /** float64, little-endian, in base64; times in Unix microseconds. */
  at: z.string().optional(),
  value: z.string().optional(),
  blob: z.object({ location: z.string(), ref: z.string() }).optional(),
});
export type KpiSeries = z.infer<typeof kpiSeriesSchema>;

export const kpiPayloadSchema = z.object({
  series: z.array(kpiSeriesSchema),
  /** Rows refused at acceptance: the first of them, and how many. */
  refused: z.array(taskErrorSchema),
  refused_rows: z.number().int(),
});
export type KpiPayload = z.infer<typeof kpiPayloadSchema>;

export const kpiRequestSchema = z.object({
  ...accepted,
  payload: kpiPayloadSchema.optional(),
  /** Name of the blob that holds the payload, in the space's payload folder. */
  payload_ref: z.string().optional(),
});
export type KpiRequest = z.infer<typeof kpiRequestSchema>;

/**
 * Letting go of the bytes of deleted rows takes two steps: `erase` rewrites what holds them, and `prune`, when no cursor
 * can need the versions of before any more, removes those. Absent: ordinary maintenance.
 */
export const maintenanceStageSchema = z.enum(['erase', 'prune']);
export type MaintenanceStage = z.infer<typeof maintenanceStageSchema>;

export const maintenanceRequestSchema = z.object({
  space: spaceKeySchema,
  stage: maintenanceStageSchema.optional(),
});

export const hazeTaskSchema = z.object(accepted);
export type HazeTask = z.infer<typeof hazeTaskSchema>;
/** A new map of a space: somebody asked for it and has a task, or it is due by itself. */
export const hazeRequestSchema = z.union([hazeTaskSchema, z.object({ space: spaceKeySchema })]);
export type HazeRequest = z.infer<typeof hazeRequestSchema>;

const envelope = {
  specversion: z.literal('1.0'),
  id: z.string().min(1),
  source: z.string().min(1),
  subject: z.string().optional(),
  time: z.string(),
  datacontenttype: z.literal('application/json').optional(),
  traceparent: z.string().optional(),
};
export const eventSchema = z.discriminatedUnion('type', [
  z.object({ ...envelope, type: z.literal(INGEST_REQUESTED), data: ingestRequestSchema }),
  z.object({ ...envelope, type: z.literal(DELETE_REQUESTED), data: deleteRequestSchema }),
  z.object({ ...envelope, type: z.literal(KPI_REQUESTED), data: kpiRequestSchema }),
  z.object({ ...envelope, type: z.literal(HAZE_REQUESTED), data: hazeRequestSchema }),
  z.object({ ...envelope, type: z.literal(MAINTENANCE_REQUESTED), data: maintenanceRequestSchema }),
]);
export type NexusEvent = z.infer<typeof eventSchema>;

/** A request with a task: one that somebody was answered 202 for. */
export type TaskRequest =
  | { type: typeof INGEST_REQUESTED; data: IngestRequest }
  | { type: typeof DELETE_REQUESTED; data: DeleteRequest }
  | { type: typeof KPI_REQUESTED; data: KpiRequest }
  | { type: typeof HAZE_REQUESTED; data: HazeTask };

export const taskEvent = ({ type, data }: TaskRequest, nowMs: number, traceparent?: string): NexusEvent =>
  ({
    specversion: '1.0',
    id: data.task_id,
    source: `/nexus/spaces/${data.space.space_id}`,
    subject: data.task_id,
    type,
    time: new Date(nowMs).toISOString(),
    datacontenttype: 'application/json',
    ...(traceparent === undefined ? {} : { traceparent }),
    data,
  }) as NexusEvent;

export const maintenanceEvent = (space: SpaceKey, stage: MaintenanceStage | undefined, id: string, nowMs: number): NexusEvent => ({
  specversion: '1.0',
  id,
  source: `/nexus/spaces/${space.space_id}`,
  type: MAINTENANCE_REQUESTED,
  time: new Date(nowMs).toISOString(),
  datacontenttype: 'application/json',
  data: { space, ...(stage === undefined ? {} : { stage }) },
});

/** A map that nobody waits for. */
export const hazeEvent = (space: SpaceKey, id: string, nowMs: number): NexusEvent => ({
  specversion: '1.0',
  id,
  source: `/nexus/spaces/${space.space_id}`,
  type: HAZE_REQUESTED,
  time: new Date(nowMs).toISOString(),
  datacontenttype: 'application/json',
  data: { space },
});

/** CloudEvents attributes as message attributes (Pub/Sub protocol binding), for subscription filters and for people. */
export const messageAttributes = (event: NexusEvent): Record<string, string> => ({
  'content-type': 'application/cloudevents+json',
  'ce-specversion': event.specversion,
  'ce-id': event.id,
  'ce-source': event.source,
  'ce-type': event.type,
  'ce-time': event.time,
  ...(event.subject === undefined ? {} : { 'ce-subject': event.subject }),
});

/** A wrapped Pub/Sub push. `publishTime` is the order of acceptance. */
export const pushSchema = z.object({
  message: z.object({
    data: z.string(),
    messageId: z.string().min(1),
    publishTime: z.string().refine((time) => parseMicros(time) !== undefined, 'must be RFC 3339'),
    attributes: z.record(z.string(), z.string()).default({}),
  }),
  subscription: z.string(),
  deliveryAttempt: z.number().int().optional(),
});
export type PushEnvelope = z.infer<typeof pushSchema>;

/** Set by Pub/Sub on what it puts on the dead-letter topic: when it took the message. Of a replay that is the replay's time. */
const deadLetterTime = 'CloudPubSubDeadLetterSourceTopicPublishTime';
/** Set by a replay, for it may become a dead letter again: when the request was published first. */
export const firstPublishTime = 'nexus-first-publish-time';

/** When a message was published first, RFC 3339. Undefined: it was published once. */
export const firstPublished = (attributes: Record<string, string>): string | undefined =>
  [attributes[firstPublishTime], attributes[deadLetterTime]].find((time) => time !== undefined && parseMicros(time) !== undefined);

/** On a dead letter that an operator has published again: its task, which ended as failed for it, is to be opened again. */
export const replayAttribute = 'nexus-replay';

/** seq of a pushed message: its publish time in Unix microseconds; of a dead letter, and of its replay, the first one. */
export const seqOf = ({ message }: PushEnvelope): number => parseMicros(firstPublished(message.attributes) ?? message.publishTime) ?? 0;
