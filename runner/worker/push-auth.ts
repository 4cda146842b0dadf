import { createRemoteJWKSet, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { NexusError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';

/** Whose pushes are believed. */
export interface PushAuthOptions {
  keys: JWTVerifyGetKey;
  issuers: readonly string[];
  audience: string;
  /** The one service account that may push. */
  email: string;
}

export interface PushRequest {
  authorization: string | undefined;
  contentType: string | undefined;
  origin: string | undefined;
}

export type VerifyPush = (request: PushRequest) => Promise<void>;

/** Google's signing keys, cached; an unknown key id has them fetched anew, not more often than `limits.jwksCooldownMs`. */
export const remotePushKeys = (url: string): JWTVerifyGetKey =>
  createRemoteJWKSet(new URL(url), {
    timeoutDuration: limits.jwksTimeoutMs,
    cooldownDuration: limits.jwksCooldownMs,
    cacheMaxAge: limits.jwksCacheMs,
  });

export const googlePushIssuers = ['https://accounts.google.com', 'accounts.google.com'] as const;

const refused = (): NexusError => new NexusError('auth.unauthenticated', 'This endpoint takes pushes of the configured subscription only.');

/** OIDC token of a push: signature, issuer, audience, time, and exactly the configured account. */
export const verifyPushToken =
  ({ keys, issuers, audience, email }: PushAuthOptions, nowMs: () => number): VerifyPush =>
  async ({ authorization }) => {
    const token = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];
    if (token === undefined) throw refused();
    const verified = await jwtVerify(token, keys, {
      algorithms: ['RS256', 'ES256'],
      issuer: [...issuers],
      audience,
      requiredClaims: ['exp', 'iat', 'email'],
      clockTolerance: limits.clockSkewMs / 1000,
      currentDate: new Date(nowMs()),
    }).catch((cause: unknown) => {
      throw isKeySourceDown(cause)
        ? new NexusError('nexus.upstream_unavailable', 'The keys of the push issuer cannot be fetched.', { cause, retryAfterSeconds: 5 })
        : refused();
    });
    const { payload } = verified;
    // jose judges `iat` only together with a maximal age.
    if ((payload.iat ?? 0) * 1000 > nowMs() + limits.clockSkewMs) throw refused();
    if (payload.email !== email || payload.email_verified !== true) throw refused();
  };

const isKeySourceDown = (error: unknown): boolean =>
  error instanceof TypeError || ['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC'].includes((error as { code?: string }).code ?? '');

/** Local only, on loopback: JSON that no web page can send across origins without being asked first. */
export const verifyLocalPush: VerifyPush = async ({ contentType, origin }) => {
  if (origin !== undefined || contentType?.split(';')[0]?.trim().toLowerCase() !== 'application/json') throw refused();
};
