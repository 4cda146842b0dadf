import { z } from 'zod';
import { equalInConstantTime, fromBase64Url, macOf, toBase64Url, utf8 } from './bytes.ts';
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

/**
 * Opened and sealed here, not by a library: on a server each answer of WebCrypto, which they all ask, comes as late as a
 * read of the disk. One algorithm, one key, one form; anything else does not open.
 */
const headerSchema = z.object({ alg: z.literal('HS256'), typ: z.literal('nexus-grant'), crit: z.undefined().optional() });
const claimsSchema = z.object({
  iss: z.literal(issuer),
  aud: z.literal(audience),
  /** Unix seconds. */
  iat: z.number(),
  exp: z.number(),
  nbf: z.number().optional(),
  grant: grantSchema,
});

const encode = (part: unknown): string => toBase64Url(utf8(JSON.stringify(part)));
const decode = (part: string): unknown => {
  const bytes = fromBase64Url(part);
  return bytes === undefined ? undefined : JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes));
};

/** Compact JWS, HS256 (RFC 7515), valid for `limits.grantTtlMs`. */
export const sealGrant = (grant: Grant, secret: string, nowMs: number): string => {
  const iat = Math.floor(nowMs / 1000);
  const claims = { grant, iss: issuer, aud: audience, iat, exp: iat + limits.grantTtlMs / 1000 };
  const signed = `${encode({ alg: 'HS256', typ: 'nexus-grant' })}.${encode(claims)}`;
  return `${signed}.${toBase64Url(macOf(secret, signed))}`;
};

/** What the runner has seen of the request that carries the grant. */
export interface SeenRequest {
  method: string;
  path: string;
  query: string;
}

/** The claims of a token whose signature holds. @throws whatever is wrong with what the holder of the secret has signed */
const claimsOf = (token: string, secret: string): z.infer<typeof claimsSchema> | undefined => {
  const [header, payload, signature, ...rest] = token.split('.');
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0) return undefined;
  const mac = fromBase64Url(signature);
  if (mac === undefined || !equalInConstantTime(macOf(secret, `${header}.${payload}`), mac)) return undefined;
  headerSchema.parse(decode(header));
  return claimsSchema.parse(decode(payload));
};

/** @returns the grant, or undefined when it is absent, forged, out of time, or for another request */
export const openGrant = (token: string | undefined, seen: SeenRequest, secret: string, nowMs: number): Grant | undefined => {
  if (token === undefined) return undefined;
  try {
    const claims = claimsOf(token, secret);
    if (claims === undefined) return undefined;
    const { grant, exp, nbf } = claims;
    const [nowSeconds, skewSeconds] = [nowMs / 1000, limits.clockSkewMs / 1000];
    if (exp <= nowSeconds - skewSeconds || (nbf !== undefined && nbf > nowSeconds + skewSeconds)) return undefined;
    return grant.method === seen.method && grant.path === seen.path && grant.query === seen.query ? grant : undefined;
  } catch {
    return undefined;
  }
};
