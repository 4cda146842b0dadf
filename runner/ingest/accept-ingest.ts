import { type RequestContext, targetSpace } from '../../shared/context.ts';
import { validationFailed } from '../../shared/errors.ts';
import { type AcceptedDocument, INGEST_REQUESTED, type IngestPayload } from '../../shared/events.ts';
import type { IngestBody, IngestDocument } from '../../shared/http/ingest.ts';
import type { Registry } from '../../shared/routes.ts';
import type { SpaceKey } from '../../shared/space-key.ts';
import type { Blobs } from '../ports/blobs.ts';
import type { Embedders } from '../ports/embedder.ts';
import { type AcceptanceCall, type AcceptanceDeps, acceptRequest, carry } from '../tasks/acceptance.ts';
import { type BlobRefDeps, type NamedFile, resolveBlobRef } from './blob-ref.ts';
import { contentId } from './document-id.ts';
import { packVector } from './packed-vector.ts';
import { settleSpace } from './settle.ts';

export interface AcceptIngestDeps extends AcceptanceDeps {
  registry: () => Registry;
  blobsAt: (root: string) => Blobs;
  embedders: Embedders;
}

/** Accepts documents. @throws NexusError 409, 422, 503; then nothing was accepted */
export const acceptIngest = async (
  deps: AcceptIngestDeps,
  context: RequestContext,
  spaceId: string,
  body: IngestBody,
  call: AcceptanceCall,
): Promise<{ task_id: string }> => {
  const key = targetSpace(context, body.scope, spaceId);
  const { records } = deps.places.space(key);
  return acceptRequest(deps, context, key, call, async (common) => {
    const resolved = await Promise.all(body.documents.map((document, index) => resolve(deps, context, key, document, index)));
    const files = resolved.flatMap(({ file }) => file ?? []);
    const documents = await settleIds(resolved.map(({ document }) => document));
    const { epoch, accepted, refused } = await settleSpace(records, documents, deps.embedders, deps.nowMs, files);
    const payload: IngestPayload = { documents: accepted, refused };
    const carried = await carry(deps.places.blobs(key), key, { epoch, task_id: common.task_id }, payload);
    const data = {
      ...common,
      epoch,
      ...('ref' in carried ? { payload_ref: carried.ref } : { payload: carried.inline }),
      ...(body.chunking === undefined ? {} : { chunking: body.chunking }),
    };
    return { kind: 'ingest', documents: accepted.length + refused.length, request: { type: INGEST_REQUESTED, data } };
  });
};

/** A document whose id may still be missing. */
type Unnamed = Omit<AcceptedDocument, 'id'> & { id?: string | undefined };

const resolve = async (
  deps: AcceptIngestDeps,
  context: RequestContext,
  key: SpaceKey,
  { blob_ref, vector, type = 'document', ...rest }: IngestDocument,
  index: number,
): Promise<{ document: Unnamed; file?: NamedFile }> => {
  const document: Unnamed = { ...rest, type, ...(vector === undefined ? {} : { vector: packVector(vector) }) };
  if (blob_ref === undefined) return { document };
  const file = await resolveBlobRef(blobRefDeps(deps, key), context, key, blob_ref, `documents.${index}.blob_ref`);
  return { document: { ...document, blob: { location: file.location, ref: blob_ref } }, file };
};

export const blobRefDeps = ({ places, blobsAt, registry, nowMs }: AcceptIngestDeps, key: SpaceKey): BlobRefDeps => ({
  blobs: places.blobs(key),
  blobsAt,
  registry,
  imports: places.blobRoute(key).import ?? [],
  nowMs,
});

/** Gives every document its id. Two without an id and of one content are one document. */
const settleIds = async (documents: readonly Unnamed[]): Promise<AcceptedDocument[]> => {
  const given = new Set(documents.map(({ id }) => id).filter((id) => id !== undefined));
  const byId = new Map<string, AcceptedDocument>();
  for (const [index, document] of documents.entries()) {
    const id = document.id ?? contentId(document);
    if (document.id === undefined && given.has(id))
      throw validationFailed([{ path: `documents.${index}`, message: 'has the content of a document whose id is given in this request' }]);
    byId.set(id, { ...document, id });
  }
  return [...byId.values()];
};
