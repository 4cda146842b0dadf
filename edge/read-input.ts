import { z } from 'zod';
import { validationFailed } from '../shared/errors.ts';
import type { Endpoint, EndpointInput } from '../shared/http/endpoints.ts';
import { idempotencyKeySchema } from '../shared/http/ingest.ts';
import { parseJson, parseWith } from '../shared/http/parse.ts';
import type { Scope } from '../shared/space-key.ts';
import { askedScope } from './authorise.ts';
import { type Body, readBody } from './read-body.ts';

export interface ReadInput {
  input: EndpointInput;
  body: Body;
}

/** An endpoint without parameters takes none: a `scope=global` that nobody reads would put data where its sender did not mean. */
const noQuery = z.strictObject({});

const memberOf = (value: unknown, key: string): unknown =>
  value !== null && typeof value === 'object' && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;

/** The router falls back to the raw text where a path is not valid percent-encoding; we say so instead. */
const requireDecodable = (pathname: string): void => {
  try {
    decodeURIComponent(pathname);
  } catch {
    throw validationFailed([{ path: 'path', message: 'is not valid percent-encoding' }]);
  }
};

/** What the router found in the path, and what the query string says, both unjudged. */
export interface RawInput {
  pathname: string;
  params: Record<string, string>;
  query: Record<string, unknown>;
}

/**
 * Reads and judges everything that a request says. A larger body than the edge reads passes unjudged: the runner judges it.
 * @param requireScope throws 403; asked as soon as the body's scope is known, before anything else of the body is judged
 * @throws NexusError 415, 413, 400, 403, 422
 */
export const readInput = async (endpoint: Endpoint, request: Request, raw: RawInput, requireScope: (scope: Scope | undefined) => void): Promise<ReadInput> => {
  const body = await readBody(request, endpoint.body);
  const json = endpoint.body?.kind === 'json' && body.kind === 'bytes' ? parseJson(body.bytes) : undefined;
  requireScope(askedScope(memberOf(json, 'scope')));

  requireDecodable(raw.pathname);
  const params = endpoint.params === undefined ? {} : parseWith(endpoint.params, raw.params);
  const query = parseWith(endpoint.query ?? noQuery, raw.query);
  const key = request.headers.get('idempotency-key');
  if (endpoint.idempotent && key !== null) parseWith(idempotencyKeySchema, key, 'Idempotency-Key');
  const isRead = endpoint.body?.kind === 'json' && body.kind === 'bytes';
  const input: EndpointInput = { params, query, ...(isRead ? { body: parseWith(endpoint.body.schema, json) } : {}) };
  // A body that passes unread is checked by the runner.
  if (isRead || endpoint.body === undefined) endpoint.check?.(input);
  return { input, body };
};
