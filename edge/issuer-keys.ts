import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { NexusError } from '../shared/errors.ts';
import { limits } from '../shared/limits.ts';
import type { Fetch } from './edge-deps.ts';

const isTokensFault = (error: unknown): boolean => error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;

/**
 * The issuer's keys, cached in the isolate for `limits.jwksCacheMs`. A token that names no key of the set is the
 * token's fault; a set that cannot be read is not.
 * @throws NexusError 503 `nexus.upstream_unavailable`
 */
export const createIssuerKeys = (url: string, fetch: Fetch): JWTVerifyGetKey => {
  const keys = createRemoteJWKSet(new URL(url), {
    timeoutDuration: limits.jwksTimeoutMs,
    cooldownDuration: limits.jwksCooldownMs,
    cacheMaxAge: limits.jwksCacheMs,
    [customFetch]: fetch,
  });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (cause) {
      if (isTokensFault(cause)) throw cause;
      throw new NexusError('nexus.upstream_unavailable', "The token issuer's keys cannot be read right now. Try again.", { cause });
    }
  };
};
