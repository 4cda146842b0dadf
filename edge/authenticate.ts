import { apiKeyPrefix } from '../shared/api-key.ts';
import { NexusError } from '../shared/errors.ts';
import type { EdgeDeps } from './edge-deps.ts';
import { createApiKeyVerifier } from './verify-api-key.ts';
import { type Caller, createTokenVerifier } from './verify-token.ts';

/** RFC 6750, 2.1: the scheme's name has no case. */
const bearer = /^Bearer +([^\s]+) *$/i;

const unauthenticated = (message: string): NexusError => new NexusError('auth.unauthenticated', message);

/** Who is calling, from `Authorization` alone. The function throws NexusError 401, or 503 when an issuer's keys or KV cannot be read. */
export const createAuthenticate = (deps: Pick<EdgeDeps, 'bindings' | 'fetch' | 'now' | 'log'>): ((headers: Headers) => Promise<Caller>) => {
  const verifyToken = createTokenVerifier(deps);
  const verifyApiKey = createApiKeyVerifier(deps);
  return async (headers) => {
    const token = bearer.exec(headers.get('authorization') ?? '')?.[1];
    if (token === undefined) throw unauthenticated('Send a token: Authorization: Bearer <JWT or API key>.');
    return token.startsWith(apiKeyPrefix) ? verifyApiKey(token) : verifyToken(token);
  };
};
