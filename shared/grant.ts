import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { utf8 } from './bytes.ts';
import { contextSchema } from './context.ts';
import { limits } from './limits.ts';

/** The header in which the edge tells the runner who is calling. */
export const grantHeader = 'x-nexus-grant';
/** How long the edge waits for the answer, in milliseconds from when the request arrives. Not a time: clocks differ. */
export const timeoutHeader = 'x-nexus-timeout-ms';
const issuer = 'nexus-edge';
const audience = 'runner';

const grantSchema = z.object({
  context: contextSchema,
  method: z.string(),
  path: z.string(),
  /** Raw query string with its `?`, or empty. */
  query: z.string(),
  request_id: z.string(),
  /** Ids of the routes the edge matched, one per resource kind the endpoint needs. */
  routes: z.array(z.string()),
  /** Hex SHA-256 of the body, when the edge has read it. */
  body_sha256: z.string().optional(),
});
export type Grant = z.infer<typeof grantSchema>;

/** Compact JWS, HS256 (RFC 7515), valid for `limits.grantTtlMs`. */
export const sealGrant = async (grant: Grant, secret: string, nowMs: number): Promise<string> => {
  const issuedAt = Math.floor(nowMs / 1000);
  return new SignJWT({ grant })
    .setProtectedHeader({ alg: 'HS256', typ: 'nexus-grant' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + limits.grantTtlMs / 1000)
    .sign(utf8(secret));
};

/** What the runner has seen of the request that carries the grant. */
export interface SeenRequest {
  method: string;
  path: string;
  query: string;
}

/** @returns the grant, or undefined when it is absent, forged, out of time, or for another request */
export const openGrant = async (token: string | undefined, seen: SeenRequest, secret: string, nowMs: number): Promise<Grant | undefined> => {
  if (token === undefined) return undefined;
  try {
    const { payload } = await jwtVerify(token, utf8(secret), {
      algorithms: ['HS256'],
      typ: 'nexus-grant',
      issuer,
      audience,
      requiredClaims: ['exp', 'iat'],
      clockTolerance: limits.clockSkewMs / 1000,
      currentDate: new Date(nowMs),
    });
    const grant = grantSchema.parse(payload.grant);
    return grant.method === seen.method && grant.path === seen.path && grant.query === seen.query ? grant : undefined;
  } catch {
    return undefined;
  }
};
