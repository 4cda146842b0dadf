import { NexusError } from '../shared/errors.ts';
import type { EdgeDeps } from './edge-deps.ts';
import { type Caller, createTokenVerifier } from './verify-token.ts';

/** RFC 6750, 2.1: the scheme's name has no case. */
const bearer = /^Bearer +([^\s]+) *$/i;
const apiKeyPrefix = 'nxk_';

const unauthenticated = (message: string): NexusError => new NexusError('auth.unauthenticated', message);

/** Who is calling, from `Authorization` alone. The function throws NexusError 401, or 503 when an issuer's keys cannot be read. */
export const createAuthenticate = (deps: Pick<EdgeDeps, 'bindings' | 'fetch' | 'now'>): ((headers: Headers) => Promise<Caller>) => {
  const verifyToken = createTokenVerifier(deps);
  return async (headers) => {
    const token = bearer.exec(headers.get('authorization') ?? '')?.[1];
    if (token === undefined) throw unauthenticated('Send a token: Authorization: Bearer <token>.');
    if (token.startsWith(apiKeyPrefix)) throw unauthenticated('API keys are not supported yet. Send a JWT.');
    return verifyToken(token);
  };
};
