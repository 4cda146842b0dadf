import { areaOf, type RequestContext, targetSpace } from '../../shared/context.ts';
import { NexusError, validationFailed } from '../../shared/errors.ts';
import { type AcceptedDocument, type IngestPayload, type IngestRequest, ingestEvent } from '../../shared/events.ts';
import type { IngestBody, IngestDocument } from '../../shared/http/ingest.ts';
import { newId } from '../../shared/ids.ts';
import { limits } from '../../shared/limits.ts';
import type { Registry } from '../../shared/routes.ts';
import { locate, type SpaceKey, spaceKeyText } from '../../shared/space-key.ts';
import type { Blobs } from '../ports/blobs.ts';
import type { Embedder } from '../ports/embedder.ts';
import type { Events } from '../ports/events.ts';
import { type Acceptance, beginAcceptance } from '../records/idempotency.ts';
import { putJson } from '../records/json-blob.ts';
import { taskRecords } from '../records/task-records.ts';
import type { Places } from '../store/spaces.ts';
import { type BlobRefDeps, resolveBlobRef } from './blob-ref.ts';
import { contentId } from './document-id.ts';
import { settleSpace } from './settle.ts';

export interface AcceptDeps {
  places: Places;
  registry: () => Registry;
  blobsAt: (root: string) => Blobs;
  embedder: Embedder;
  events: Events;
  nowMs: () => number;
}

/** What the transport knows of an ingest request beside its body. */
export interface IngestCall {
  spaceId: string;
  body: IngestBody;
  /** Hex SHA-256 of the body's bytes. */
  bodySha256: string;
  requestId: string;
  idempotencyKey?: string | undefined;
  traceparent?: string | undefined;
}

/**
 * Accepts documents: when this returns, the request is durable and will end as succeeded, partial or failed.
 * @throws NexusError 409, 422, 503; then nothing was accepted
 */
export const acceptIngest = async (deps: AcceptDeps, context: RequestContext, call: IngestCall): Promise<{ task_id: string }> => {
  const area = areaOf(context);
  const key = targetSpace(context, call.body.scope, call.spaceId);
  const { records } = deps.places.space(key);
  const taskBlobs = deps.places.blobs(area);
  const acceptance = await begin(deps, taskBlobs, area, key, call);
  const taskId = acceptance.taskId;
  if (acceptance.repeated) return { task_id: taskId };

  let payload: IngestPayload;
  try {
    const documents = await settleIds(await Promise.all(call.body.documents.map((document, index) => resolve(deps, context, key, document, index))));
    const { accepted, refused } = await settleSpace(records, documents, deps.embedder, deps.nowMs);
    payload = { documents: accepted, refused };
  } catch (error) {
    await acceptance.refused();
    throw error;
  }

  await taskRecords(taskBlobs, area, deps.nowMs).accept({
    task_id: taskId,
    kind: 'ingest',
    space_id: key.space_id,
    scope: key.scope,
    documents: payload.documents.length + payload.refused.length,
    created_at: new Date(deps.nowMs()).toISOString(),
  });
  const request: IngestRequest = {
    task_id: taskId,
    space: key,
    requested_by: { ...area, subject: context.subject },
    request_id: call.requestId,
    ...(await carry(deps.places.blobs(key), key, taskId, payload)),
    ...(call.body.chunking === undefined ? {} : { chunking: call.body.chunking }),
  };
  try {
    await deps.events.publish(ingestEvent(request, deps.nowMs(), call.traceparent));
  } catch (cause) {
    // Whether the event is durable is not known: the key stays open for the same body to finish it.
    throw new NexusError('nexus.upstream_unavailable', 'The event spine did not take the request. Try again with the same Idempotency-Key.', {
      cause,
      retryAfterSeconds: 1,
    });
  }
  await acceptance.accepted();
  return { task_id: taskId };
};

const begin = async (deps: AcceptDeps, blobs: Blobs, area: ReturnType<typeof areaOf>, key: SpaceKey, call: IngestCall): Promise<Acceptance> => {
  const newTaskId = () => newId('task', deps.nowMs());
  if (call.idempotencyKey === undefined) {
    const nothing = async () => undefined;
    return { taskId: newTaskId(), repeated: false, accepted: nothing, refused: nothing };
  }
  return beginAcceptance(
    { blobs, nowMs: deps.nowMs, newTaskId },
    area,
    { space: spaceKeyText(key), endpoint: 'ingest', key: call.idempotencyKey },
    call.bodySha256,
  );
};

const resolve = async (
  deps: AcceptDeps,
  context: RequestContext,
  key: SpaceKey,
  document: IngestDocument,
  index: number,
): Promise<Omit<AcceptedDocument, 'id'> & { id?: string }> => {
  const { blob_ref, type = 'document', ...rest } = document;
  const accepted = { ...rest, type } as Omit<AcceptedDocument, 'id'> & { id?: string };
  if (blob_ref === undefined) return accepted;
  const refDeps: BlobRefDeps = {
    blobs: deps.places.blobs(key),
    blobsAt: deps.blobsAt,
    registry: deps.registry,
    imports: deps.places.blobRoute(key).import ?? [],
  };
  return { ...accepted, blob: { location: await resolveBlobRef(refDeps, context, key, blob_ref, `documents.${index}.blob_ref`), ref: blob_ref } };
};

/** Gives every document its id. Two without an id and of one content are one document. */
const settleIds = async (documents: readonly (Omit<AcceptedDocument, 'id'> & { id?: string })[]): Promise<AcceptedDocument[]> => {
  const given = new Set(documents.map(({ id }) => id).filter((id) => id !== undefined));
  const byId = new Map<string, AcceptedDocument>();
  for (const [index, document] of documents.entries()) {
    const id = document.id ?? (await contentId(document));
    if (document.id === undefined && given.has(id))
      throw validationFailed([{ path: `documents.${index}`, message: 'has the content of a document whose id is given in this request' }]);
    byId.set(id, { ...document, id });
  }
  return [...byId.values()];
};

/** Small payloads travel in the event; larger ones are stored and referenced. */
const carry = async (blobs: Blobs, key: SpaceKey, taskId: string, payload: IngestPayload): Promise<Pick<IngestRequest, 'payload' | 'payload_ref'>> => {
  if (JSON.stringify(payload).length <= limits.inlineEventBytes / 2) return { payload };
  const name = `${taskId}.json`;
  await putJson(blobs, `${locate(key).payloads}/${name}`, payload);
  return { payload_ref: name };
};
