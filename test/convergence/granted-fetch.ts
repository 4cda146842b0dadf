import { createHash } from 'node:crypto';
import type { RequestContext } from '../../shared/context.ts';
import { grantHeader, sealGrant } from '../../shared/grant.ts';
import { type Answer, caller, grantSecret } from '../runner/running-runner.ts';

export interface GrantedOptions {
  context?: RequestContext;
  headers?: Record<string, string>;
}

/** A request to a runner as the edge would send it. @throws when the runner dies under it */
export const grantedFetch = async (
  origin: string,
  method: string,
  path: string,
  body?: unknown,
  { context = caller(), headers = {} }: GrantedOptions = {},
): Promise<Answer> => {
  const url = new URL(path, origin);
  const bytes = body === undefined ? undefined : body instanceof Uint8Array ? body : new TextEncoder().encode(JSON.stringify(body));
  const bound = bytes === undefined || body instanceof Uint8Array ? {} : { body_sha256: createHash('sha256').update(bytes).digest('hex') };
  const grant = sealGrant(
    { context, method, path: url.pathname, query: url.search, request_id: 'req_test', routes: ['store', 'blobs'], ...bound },
    grantSecret,
    Date.now(),
  );
  const response = await fetch(url, {
    method,
    headers: { ...(bytes === undefined ? {} : { 'content-type': 'application/json' }), [grantHeader]: grant, ...headers },
    ...(bytes === undefined ? {} : { body: bytes as Uint8Array<ArrayBuffer> }),
  });
  const answered = new Uint8Array(await response.arrayBuffer());
  const text = new TextDecoder().decode(answered);
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: response.status, body: isJson ? JSON.parse(text) : text, bytes: answered, headers: response.headers };
};
