import { createHash } from 'node:crypto';
import { type RequestContext, requireRole, requireScope } from '../../shared/context.ts';
import { NexusError } from '../../shared/errors.ts';
import { type Grant, grantHeader, openGrant } from '../../shared/grant.ts';
import { type Endpoint, type EndpointInput, scopeOf } from '../../shared/http/endpoints.ts';
import { idempotencyKeySchema } from '../../shared/http/ingest.ts';
import { parseJson, parseWith, queryFields, requireJsonType } from '../../shared/http/parse.ts';
import { missingRoute, NEXUS_STORE, type Registry, type ResourceKind, requireRoute } from '../../shared/routes.ts';
import { type Area, systemTenant } from '../../shared/space-key.ts';
import { traceparentOf } from '../../shared/trace.ts';
import type { Visit } from '../admission/visit.ts';
import type { Observed } from './observed.ts';
import { readBody } from './read-body.ts';

/** One request of the API as its handler sees it: who, what, parsed and allowed. */
export interface GrantedCall extends EndpointInput {
  context: RequestContext;
  request: Request;
  requestId: string;
  /** Hex SHA-256 of the body's bytes; empty when the body was not read. */
  bodySha256: string;
  idempotencyKey: string | undefined;
  visit: Visit;
  traceparent: string;
}

export interface GrantCheck {
  /** Any of them opens a grant: while the secret changes, edges have the old one and the new one. */
  secrets: readonly string[];
  registry: () => Registry;
  nowMs: () => number;
}

const notGranted = (): NexusError => new NexusError('auth.unauthenticated', 'The runner answers the edge only. Send the request to the edge.');

/** Opens the grant: nothing else of the request is believed. @throws NexusError 401 */
const grantOf = ({ secrets, nowMs }: GrantCheck, request: Request): Grant => {
  const url = new URL(request.url);
  const seen = { method: request.method, path: url.pathname, query: url.search };
  for (const secret of secrets) {
    const grant = openGrant(request.headers.get(grantHeader) ?? undefined, seen, secret, nowMs());
    if (grant !== undefined) return grant;
  }
  throw notGranted();
};

/** The routes that the edge matched must be ours too, and match here as well. @throws NexusError 503 `<kind>.missing_route` */
const requireRoutes = (registry: Registry, kinds: readonly ResourceKind[], granted: readonly string[], areas: readonly Area[]): void => {
  const known = registry.routes.filter(({ id }) => granted.includes(id));
  // An unknown id does not say its kind: it was for one that no known id is for.
  if (known.length < new Set(granted).size) throw missingRoute(kinds.find((kind) => known.every((route) => route.kind !== kind)) ?? kinds[0] ?? NEXUS_STORE);
  for (const kind of kinds) for (const area of areas) requireRoute(registry, kind, area);
};

interface JsonBody {
  bytes: Uint8Array;
  sha256: string;
}

const readJson = async (request: Request, maxBytes: number, grant: Grant, visit: Visit): Promise<JsonBody> => {
  requireJsonType(request.headers.get('content-type'));
  const bytes = await readBody(request, maxBytes, (more) => visit.hold(grant.context.tenant_id, more));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (grant.body_sha256 !== undefined && grant.body_sha256 !== sha256) throw notGranted();
  return { bytes, sha256 };
};

/**
 * Grant → rights → body → a place to work → parsed request, in the order in which refusals are promised but for 429 and
 * 503: reading costs nothing, parsing does, and who has no place gets no work.
 * @throws NexusError 401, 403, 429, 503, 504, 400, 413, 415, 422
 */
export const grantedCall = async (
  check: GrantCheck,
  endpoint: Endpoint,
  request: Request,
  pathParams: Record<string, string>,
  { visit, observed }: { visit: Visit; observed: Observed },
): Promise<GrantedCall> => {
  const grant = grantOf(check, request);
  const { context } = grant;
  observed.context = context;
  observed.spaceId = pathParams.space_id;
  requireRole(context, endpoint.access);
  const json = endpoint.body?.kind === 'json' ? await readJson(request, endpoint.body.maxBytes, grant, visit) : undefined;
  await visit.enter(context.tenant_id);
  const params = endpoint.params === undefined ? {} : parseWith(endpoint.params, pathParams);
  const query = endpoint.query === undefined ? {} : parseWith(endpoint.query, queryFields(new URL(request.url).searchParams));
  const body = endpoint.body?.kind === 'json' ? parseWith(endpoint.body.schema, parseJson(json?.bytes ?? new Uint8Array())) : undefined;
  const input: EndpointInput = { params, query, ...(body === undefined ? {} : { body }) };
  requireScope(context, endpoint.access, scopeOf(input));
  endpoint.check?.(input);
  const target: Area = scopeOf(input) === 'global' ? { ...context, tenant_id: systemTenant } : context;
  requireRoutes(check.registry(), endpoint.routes, grant.routes, [target]);
  const key = request.headers.get('idempotency-key');
  return {
    ...input,
    context,
    request,
    requestId: grant.request_id,
    bodySha256: json?.sha256 ?? '',
    visit,
    traceparent: traceparentOf(observed.trace),
    idempotencyKey: endpoint.idempotent && key !== null ? parseWith(idempotencyKeySchema, key, 'Idempotency-Key') : undefined,
  };
};
