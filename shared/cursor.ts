import { z } from 'zod';
import { equalInConstantTime, fromBase64Url, macOf, sha256, sha256Hex, toBase64Url, utf8 } from './bytes.ts';
import { canonicalJson } from './canonical-json.ts';
import { cursorInvalid } from './errors.ts';
import { limits } from './limits.ts';

/** Keys that sign cursors. The first signs; all of them open, so that a key can be rotated without breaking a walk. */
export const cursorKeysSchema = z
  .string()
  .transform((text) =>
    text.split(',').map((entry) => {
      const colon = entry.indexOf(':');
      return { id: entry.slice(0, colon).trim(), secret: entry.slice(colon + 1).trim() };
    }),
  )
  .refine(
    (keys) => keys.every(({ id, secret }) => /^[a-z0-9]{1,16}$/.test(id) && secret.length >= limits.secretChars),
    `must be id:secret,… with secrets of at least ${limits.secretChars} characters`,
  )
  .refine((keys) => new Set(keys.map(({ id }) => id)).size === keys.length, 'must not use a key id twice');
export type CursorKeys = z.infer<typeof cursorKeysSchema>;

const pinSchema = z.object({ incarnation: z.string(), version: z.number().int().nonnegative() });
/** The version of one scope that a walk reads; null: that scope had no data at the first page. */
export type Pin = z.infer<typeof pinSchema>;

const payloadSchema = z.object({
  /** Expiry, Unix seconds. */
  exp: z.number().int(),
  /** Digest of locations and request. */
  bind: z.string(),
  pins: z.object({ tenant: pinSchema.nullish(), global: pinSchema.nullish() }),
  /** Hits already given. */
  position: z.number().int().nonnegative(),
  /** Digest of the ids already given: a page that would not follow on them exactly is refused. */
  given: z.string(),
  /** What later pages cannot recompute; the endpoint's own business. */
  state: z.record(z.string(), z.unknown()).optional(),
});
export type CursorPayload = z.infer<typeof payloadSchema>;

const format = 'c1';

/**
 * What a cursor is good for: one endpoint, these locations, this request. Every field of the request but `cursor` counts.
 * @param locations texts of the SpaceKeys or of the area
 * @param request the parsed request, before defaults are applied
 */
export const cursorBinding = (endpoint: string, locations: readonly string[], request: Record<string, unknown>): string => {
  const { cursor: _, ...fields } = request;
  return toBase64Url(sha256(canonicalJson({ endpoint, locations, fields })));
};

/** One hour from now, rounded up to the full hour, so that the same page of the same data gives the same cursor. Unix seconds. */
export const cursorExpiry = (nowMs: number): number => (Math.ceil((nowMs + limits.cursorTtlMs) / limits.cursorTtlMs) * limits.cursorTtlMs) / 1000;

/** Digest of the ids that a walk has given so far, in order. */
export const givenDigest = (ids: readonly string[]): string => sha256Hex(canonicalJson(ids)).slice(0, 24);

export const sealCursor = (payload: CursorPayload, keys: CursorKeys): string => {
  const [key] = keys;
  if (key === undefined) throw new Error('no cursor key');
  const signed = `${format}.${key.id}.${toBase64Url(utf8(canonicalJson(payload)))}`;
  const cursor = `${signed}.${toBase64Url(macOf(key.secret, signed))}`;
  if (cursor.length > limits.cursorBytes) throw new Error(`cursor of ${cursor.length} bytes is over the limit`);
  return cursor;
};

/**
 * Opens a cursor as far as it tells by itself: signature, expiry, binding.
 * @throws NexusError 410 `nexus.cursor_invalid`, always the same words
 */
export const openCursor = (cursor: string, binding: string, keys: CursorKeys, nowMs: number): CursorPayload => {
  const [version, keyId, body, mac, ...rest] = cursor.length <= limits.cursorBytes ? cursor.split('.') : [];
  const key = keys.find(({ id }) => id === keyId);
  const macBytes = mac === undefined ? undefined : fromBase64Url(mac);
  if (version !== format || key === undefined || body === undefined || macBytes === undefined || rest.length > 0) throw cursorInvalid();
  if (!equalInConstantTime(macOf(key.secret, `${format}.${key.id}.${body}`), macBytes)) throw cursorInvalid();
  const bytes = fromBase64Url(body);
  if (bytes === undefined) throw cursorInvalid();
  const payload = payloadSchema.safeParse(JSON.parse(new TextDecoder('utf-8').decode(bytes)));
  if (!payload.success || payload.data.bind !== binding || payload.data.exp * 1000 <= nowMs) throw cursorInvalid();
  return payload.data;
};
