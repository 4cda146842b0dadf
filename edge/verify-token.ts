import { type CryptoKey, decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose';
import { utf8 } from '../shared/bytes.ts';
import { type Credential, credentialSchema } from '../shared/context.ts';
import { NexusError } from '../shared/errors.ts';
import { limits } from '../shared/limits.ts';
import type { Bindings } from './bindings.ts';
import type { EdgeDeps } from './edge-deps.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import { algorithmsOf, type KeySource, keySourceOf } from './token-algorithms.ts';

/** What a credential says, and whether the platform's own key says it. */
export interface Caller {
  credential: Credential;
  platform: boolean;
}

const unauthenticated = (message: string, cause?: unknown): NexusError => new NexusError('auth.unauthenticated', message, cause === undefined ? {} : { cause });

const notAccepted = (cause?: unknown): NexusError => unauthenticated('This token is not one that is accepted here. Get a new one from the issuer.', cause);

/** Why jose refused, in words that help its owner and tell a forger nothing: claims are judged after the signature. */
const refusal = (error: unknown): NexusError => {
  if (error instanceof NexusError) return error;
  if (error instanceof errors.JWTExpired) return unauthenticated('This token has expired. Get a new one.', error);
  if (error instanceof errors.JWTClaimValidationFailed) return unauthenticated(`The token's claim ${error.claim} is missing or not accepted here.`, error);
  return notAccepted(error);
};

const algorithmOf = (token: string): string | undefined => {
  try {
    return decodeProtectedHeader(token).alg;
  } catch (cause) {
    throw unauthenticated('The bearer token is not a JWT.', cause);
  }
};

/** @throws NexusError 401 */
const credentialOf = (payload: JWTPayload, nowMs: number): Credential => {
  // jose judges `iat` only together with a maximal age; a token from the future is as wrong as an expired one.
  if (payload.iat !== undefined && payload.iat * 1000 > nowMs + limits.clockSkewMs) throw unauthenticated("The token's claim iat is in the future.");
  const parsed = credentialSchema.safeParse(payload);
  if (parsed.success) return parsed.data;
  const claims = [...new Set(parsed.error.issues.map(({ path }) => String(path[0])))].join(', ');
  throw unauthenticated(`The token's claims are not usable here: ${claims}.`, parsed.error);
};

/** Imported once an isolate. The key is kept, not its promise: a promise belongs to the request that began it. */
const secretKey = (secret: string): (() => Promise<CryptoKey>) => {
  let key: CryptoKey | undefined;
  return async () => {
    key ??= await crypto.subtle.importKey('raw', utf8(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
    return key;
  };
};

const keysOf = ({ bindings, fetch }: Pick<EdgeDeps, 'bindings' | 'fetch'>): Record<KeySource, JWTVerifyGetKey | undefined> => ({
  secret: bindings.NEXUS_JWT_SECRET === undefined ? undefined : secretKey(bindings.NEXUS_JWT_SECRET),
  jwks: bindings.NEXUS_JWKS_URL === undefined ? undefined : createIssuerKeys(bindings.NEXUS_JWKS_URL, fetch),
});

const claimRules = ({ NEXUS_JWT_ISSUER: issuer, NEXUS_JWT_AUDIENCE: audience }: Bindings): JWTVerifyOptions => ({
  ...(issuer === undefined ? {} : { issuer }),
  ...(audience === undefined ? {} : { audience }),
  requiredClaims: ['exp', 'sub', 'tenant_id'],
  clockTolerance: limits.clockSkewMs / 1000,
});

/**
 * JWT (RFC 7519, RFC 8725) → caller.
 * @returns a function that throws NexusError 401, or 503 when the issuer's keys cannot be read
 */
export const createTokenVerifier = (deps: Pick<EdgeDeps, 'bindings' | 'fetch' | 'now'>): ((token: string) => Promise<Caller>) => {
  const keys = keysOf(deps);
  const rules = claimRules(deps.bindings);
  const platform = new Set<KeySource>(deps.bindings.NEXUS_PLATFORM_KEYS);

  return async (token) => {
    const source = keySourceOf(algorithmOf(token));
    const key = source === undefined ? undefined : keys[source];
    if (source === undefined || key === undefined) throw notAccepted();
    const nowMs = deps.now();
    try {
      const { payload } = await jwtVerify(token, key, { ...rules, algorithms: [...algorithmsOf[source]], currentDate: new Date(nowMs) });
      return { credential: credentialOf(payload, nowMs), platform: platform.has(source) };
    } catch (error) {
      throw refusal(error);
    }
  };
};
