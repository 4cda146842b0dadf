import type { z } from 'zod';
import type { Access, RequestContext } from '../context.ts';
import { type ErrorCode, validationFailed } from '../errors.ts';
import { parseFilter } from '../filter.ts';
import { limits } from '../limits.ts';
import { NEXUS_BLOB_STORE, NEXUS_STORE, type ResourceKind } from '../routes.ts';
import { areaPath, type Scope, type SpaceKey, spaceKey, spaceKeyText, systemTenant } from '../space-key.ts';
import { arrowStream } from './arrow-stream.ts';
import { blobParamsSchema, blobResponseSchema } from './blobs.ts';
import {
  type DeleteDocumentsBody,
  deleteDocumentsBodySchema,
  documentParamsSchema,
  documentQuerySchema,
  documentResponseSchema,
  documentsQuerySchema,
  documentsResponseSchema,
} from './documents.ts';
import { type HazePointsQuery, hazePointsQuerySchema, hazePointsResponseSchema, hazeSearchResponseSchema } from './haze.ts';
import { acceptedSchema, ingestBodySchema } from './ingest.ts';
import { kpiBodySchema } from './kpi.ts';
import { scopeQuerySchema, spaceParamsSchema } from './parts.ts';
import { type QueryRequest, queryRequestSchema, queryResponseSchema } from './query.ts';
import { descriptionSchema, settingsBodySchema, settingsSchema, spacesQuerySchema, spacesResponseSchema } from './spaces.ts';
import { taskParamsSchema, taskSchema, tasksQuerySchema, tasksResponseSchema } from './tasks.ts';

/** One body kind: JSON with a schema, or bytes that pass through. */
export type EndpointBody = { kind: 'json'; schema: z.ZodType<Record<string, unknown>>; maxBytes: number } | { kind: 'stream'; maxBytes: number };

/**
 * One row per endpoint of contract section 3. The edge authorises, validates and routes by it, the runner mounts its
 * handlers by it, and `/openapi.json` is printed from it: there is no second place where an endpoint is described.
 */
export interface Endpoint {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'HEAD' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  readonly routes: readonly ResourceKind[];
  readonly params?: z.ZodType<Record<string, string>>;
  readonly query?: z.ZodType<Record<string, unknown>>;
  readonly body?: EndpointBody;
  /** What a schema cannot express. @throws NexusError 422 */
  readonly check?: (input: EndpointInput) => void;
  /** Takes `Idempotency-Key`. */
  readonly idempotent?: true;
  readonly status: 200 | 202;
  readonly response?: z.ZodType;
  /** A media type that the answer also comes in, when `Accept` asks for it. */
  readonly alsoAs?: string;
  /** Codes beyond those that every endpoint can give. */
  readonly codes: readonly ErrorCode[];
}

const checkFilter = (filter: unknown): void => {
  if (filter !== undefined) parseFilter(filter);
};

const store = [NEXUS_STORE] as const;
const blob = [NEXUS_BLOB_STORE] as const;
const both = [NEXUS_STORE, NEXUS_BLOB_STORE] as const;

export const endpoints = {
  ingest: {
    id: 'ingest',
    method: 'POST',
    path: '/nexus/spaces/{space_id}/ingest',
    summary: 'Accept documents: durable at once, searchable when the task has succeeded',
    access: 'write',
    routes: both,
    params: spaceParamsSchema,
    body: { kind: 'json', schema: ingestBodySchema, maxBytes: limits.ingestBodyBytes },
    idempotent: true,
    status: 202,
    response: acceptedSchema,
    codes: ['nexus.embedding_mismatch', 'nexus.idempotency_conflict', 'nexus.blob_ref_forbidden', 'nexus.global_write_forbidden'],
  },
  query: {
    id: 'query',
    method: 'POST',
    path: '/nexus/spaces/{space_id}/query',
    summary: 'Find passages by text, by vector, or by both',
    access: 'read',
    routes: store,
    params: spaceParamsSchema,
    body: { kind: 'json', schema: queryRequestSchema, maxBytes: limits.edgeReadsBodyBytes },
    check: ({ body }) => checkFilter(body?.filter),
    status: 200,
    response: queryResponseSchema,
    codes: [
      'nexus.embedding_mismatch',
      'nexus.not_yet_visible',
      'nexus.cursor_invalid',
      'nexus.filter_unsupported',
      'nexus.rerank_unavailable',
      'nexus.global_read_forbidden',
    ],
  },
  getTask: {
    id: 'getTask',
    method: 'GET',
    path: '/nexus/tasks/{task_id}',
    summary: 'How an accepted request is doing',
    access: 'read',
    routes: blob,
    params: taskParamsSchema,
    status: 200,
    response: taskSchema,
    codes: ['nexus.not_found'],
  },
  listTasks: {
    id: 'listTasks',
    method: 'GET',
    path: '/nexus/tasks',
    summary: 'Tasks of this context, newest first',
    access: 'read',
    routes: blob,
    query: tasksQuerySchema,
    status: 200,
    response: tasksResponseSchema,
    codes: ['nexus.cursor_invalid'],
  },
  listSpaces: {
    id: 'listSpaces',
    method: 'GET',
    path: '/nexus/spaces',
    summary: 'Spaces of this context, by name',
    access: 'read',
    routes: store,
    query: spacesQuerySchema,
    status: 200,
    response: spacesResponseSchema,
    codes: ['nexus.cursor_invalid', 'nexus.global_read_forbidden'],
  },
  putSpace: {
    id: 'putSpace',
    method: 'PUT',
    path: '/nexus/spaces/{space_id}',
    summary: 'Fix settings of a space before its first documents do',
    access: 'write',
    routes: store,
    params: spaceParamsSchema,
    query: scopeQuerySchema,
    body: { kind: 'json', schema: settingsBodySchema, maxBytes: limits.edgeReadsBodyBytes },
    status: 200,
    response: settingsSchema,
    codes: ['nexus.embedding_mismatch', 'nexus.global_write_forbidden'],
  },
  getSpace: {
    id: 'getSpace',
    method: 'GET',
    path: '/nexus/spaces/{space_id}',
    summary: 'Describe a space; one that does not exist reads as an empty one',
    access: 'read',
    routes: store,
    params: spaceParamsSchema,
    query: scopeQuerySchema,
    status: 200,
    response: descriptionSchema,
    codes: ['nexus.global_read_forbidden'],
  },
  deleteSpace: {
    id: 'deleteSpace',
    method: 'DELETE',
    path: '/nexus/spaces/{space_id}',
    summary: 'Delete a space: its documents, files and settings',
    access: 'write',
    routes: both,
    params: spaceParamsSchema,
    query: scopeQuerySchema,
    idempotent: true,
    status: 202,
    response: acceptedSchema,
    codes: ['nexus.idempotency_conflict', 'nexus.global_write_forbidden'],
  },
  listDocuments: {
    id: 'listDocuments',
    method: 'GET',
    path: '/nexus/spaces/{space_id}/documents',
    summary: 'Documents of a space, by id',
    access: 'read',
    routes: store,
    params: spaceParamsSchema,
    query: documentsQuerySchema,
    check: ({ query }) => checkFilter(query.filter),
    status: 200,
    response: documentsResponseSchema,
    codes: ['nexus.cursor_invalid', 'nexus.filter_unsupported', 'nexus.global_read_forbidden'],
  },
  deleteDocuments: {
    id: 'deleteDocuments',
    method: 'POST',
    path: '/nexus/spaces/{space_id}/documents/delete',
    summary: 'Delete documents by id or by filter',
    access: 'write',
    routes: both,
    params: spaceParamsSchema,
    body: { kind: 'json', schema: deleteDocumentsBodySchema, maxBytes: limits.edgeReadsBodyBytes },
    check: ({ body }) => checkFilter((body as DeleteDocumentsBody).filter),
    idempotent: true,
    status: 202,
    response: acceptedSchema,
    codes: ['nexus.idempotency_conflict', 'nexus.filter_unsupported', 'nexus.global_write_forbidden'],
  },
  getDocument: {
    id: 'getDocument',
    method: 'GET',
    path: '/nexus/spaces/{space_id}/documents/{doc_id}',
    summary: 'One document, with its text if asked',
    access: 'read',
    routes: store,
    params: documentParamsSchema,
    query: documentQuerySchema,
    status: 200,
    response: documentResponseSchema,
    codes: ['nexus.not_found', 'nexus.global_read_forbidden'],
  },
  deleteDocument: {
    id: 'deleteDocument',
    method: 'DELETE',
    path: '/nexus/spaces/{space_id}/documents/{doc_id}',
    summary: 'Delete one document',
    access: 'write',
    routes: both,
    params: documentParamsSchema,
    query: scopeQuerySchema,
    idempotent: true,
    status: 202,
    response: acceptedSchema,
    codes: ['nexus.idempotency_conflict', 'nexus.global_write_forbidden'],
  },
  kpi: {
    id: 'kpi',
    method: 'POST',
    path: '/nexus/spaces/{space_id}/kpi',
    summary: 'Accept measurements of metrics; the facts that follow from them become documents of type kpi',
    access: 'write',
    routes: both,
    params: spaceParamsSchema,
    body: { kind: 'json', schema: kpiBodySchema, maxBytes: limits.ingestBodyBytes },
    idempotent: true,
    status: 202,
    response: acceptedSchema,
    codes: ['nexus.embedding_mismatch', 'nexus.idempotency_conflict', 'nexus.blob_ref_forbidden', 'nexus.global_write_forbidden'],
  },
  hazePoints: {
    id: 'hazePoints',
    method: 'GET',
    path: '/nexus/spaces/{space_id}/haze/points',
    summary: "The space's map: a point for each passage, and the clusters they lie in",
    access: 'read',
    routes: both,
    params: spaceParamsSchema,
    query: hazePointsQuerySchema,
    check: ({ query }) => checkFilter(query.filter),
    status: 200,
    response: hazePointsResponseSchema,
    alsoAs: arrowStream,
    codes: ['nexus.cursor_invalid', 'nexus.filter_unsupported', 'nexus.global_read_forbidden'],
  },
  hazeSearch: {
    id: 'hazeSearch',
    method: 'POST',
    path: '/nexus/spaces/{space_id}/haze/points',
    summary: 'Where a query lands on the map, and its hits there',
    access: 'read',
    routes: both,
    params: spaceParamsSchema,
    body: { kind: 'json', schema: queryRequestSchema, maxBytes: limits.edgeReadsBodyBytes },
    check: ({ body }) => {
      checkFilter(body?.filter);
      if (body?.cursor !== undefined) throw validationFailed([{ path: 'cursor', message: 'is not taken here: there is one page; ask for its limit' }]);
    },
    status: 200,
    response: hazeSearchResponseSchema,
    codes: [
      'nexus.embedding_mismatch',
      'nexus.not_yet_visible',
      'nexus.filter_unsupported',
      'nexus.rerank_unavailable',
      'nexus.global_read_forbidden',
      'nexus.not_found',
    ],
  },
  hazeSnapshot: {
    id: 'hazeSnapshot',
    method: 'POST',
    path: '/nexus/spaces/{space_id}/haze/snapshot',
    summary: 'Draw the map anew, from what the space holds now',
    access: 'write',
    routes: both,
    params: spaceParamsSchema,
    query: scopeQuerySchema,
    idempotent: true,
    status: 202,
    response: acceptedSchema,
    codes: ['nexus.idempotency_conflict', 'nexus.global_write_forbidden'],
  },
  putBlob: {
    id: 'putBlob',
    method: 'PUT',
    path: '/nexus/spaces/{space_id}/blobs/{name}',
    summary: 'Upload a file, to ingest it as nexus://{name}',
    access: 'write',
    routes: blob,
    params: blobParamsSchema,
    query: scopeQuerySchema,
    body: { kind: 'stream', maxBytes: limits.blobBytes },
    status: 200,
    response: blobResponseSchema,
    codes: ['nexus.global_write_forbidden'],
  },
  getBlob: {
    id: 'getBlob',
    method: 'GET',
    path: '/nexus/spaces/{space_id}/blobs/{name}',
    summary: 'An uploaded file',
    access: 'read',
    routes: blob,
    params: blobParamsSchema,
    query: scopeQuerySchema,
    status: 200,
    codes: ['nexus.not_found', 'nexus.global_read_forbidden'],
  },
  headBlob: {
    id: 'headBlob',
    method: 'HEAD',
    path: '/nexus/spaces/{space_id}/blobs/{name}',
    summary: 'Size and hash of an uploaded file',
    access: 'read',
    routes: blob,
    params: blobParamsSchema,
    query: scopeQuerySchema,
    status: 200,
    codes: ['nexus.not_found', 'nexus.global_read_forbidden'],
  },
} as const satisfies Record<string, Endpoint>;

export type EndpointId = keyof typeof endpoints;
export const endpointList: readonly Endpoint[] = Object.values(endpoints);

/** `{name}` → Hono's `:name`; a blob's name and a document's id may hold slashes. */
export const honoPath = (path: string): string => path.replace(/\{(name|doc_id)\}/, ':$1{.+}').replaceAll(/\{(\w+)\}/g, ':$1');

/** What was parsed of one request. */
export interface EndpointInput {
  params: Record<string, string>;
  query: Record<string, unknown>;
  /** Absent when the body was not read (streams). */
  body?: Record<string, unknown>;
}

/** `scope` stands in the body of JSON endpoints that have it, else in the query. */
export const scopeOf = (input: EndpointInput): Scope | undefined => (input.body?.scope ?? input.query.scope) as Scope | undefined;

/** The spaces whose maps a request shows, the caller's own first. */
export const hazeSpaces = (context: RequestContext, spaceId: string, { scope, include_global }: HazePointsQuery): SpaceKey[] => {
  const own = spaceKey(context, scope ?? 'tenant', spaceId);
  return include_global === true && own.scope === 'tenant' ? [own, spaceKey(context, 'global', spaceId)] : [own];
};

/** The request that a cursor is bound to: its fields, and the places it reads. Undefined: the endpoint has no pages. */
export const pagedRequest = (
  endpoint: Endpoint,
  context: RequestContext,
  input: EndpointInput,
): { fields: Record<string, unknown>; locations: string[] } | undefined => {
  const scope = scopeOf(input);
  if (endpoint.id === endpoints.query.id && input.body !== undefined) {
    const request = input.body as QueryRequest;
    const own = spaceKey(context, scope ?? 'tenant', input.params.space_id ?? '');
    const locations = [spaceKeyText(own)];
    if (request.include_global === true && own.scope === 'tenant') locations.push(spaceKeyText(spaceKey(context, 'global', own.space_id)));
    return { fields: request, locations };
  }
  if (endpoint.id === endpoints.hazePoints.id)
    return { fields: input.query, locations: hazeSpaces(context, input.params.space_id ?? '', input.query as HazePointsQuery).map(spaceKeyText) };
  if (endpoint.id === endpoints.listDocuments.id)
    return { fields: input.query, locations: [spaceKeyText(spaceKey(context, scope ?? 'tenant', input.params.space_id ?? ''))] };
  if (endpoint.id === endpoints.listTasks.id || endpoint.id === endpoints.listSpaces.id) {
    const tenant_id = scope === 'global' ? systemTenant : context.tenant_id;
    return { fields: input.query, locations: [areaPath({ ...context, tenant_id })] };
  }
  return undefined;
};
