/** Bytes and their digests. */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 as digest } from '@noble/hashes/sha2.js';

const encoder = new TextEncoder();

/** Workers' types leave open what kind of buffer it is; it is never a shared one. */
export const utf8 = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text) as Uint8Array<ArrayBuffer>;

export const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * For what is short. WebCrypto answers later, and on a server that waits for its disk and its engine each such wait costs
 * more than the digest; bodies, which are long, are digested by the runtime's own.
 */
export const sha256 = (text: string): Uint8Array => digest(utf8(text));

export const sha256Hex = (text: string): string => hex(sha256(text));

/** HMAC with SHA-256 (RFC 2104). */
export const macOf = (key: string, text: string): Uint8Array => hmac(digest, utf8(key), utf8(text));

/** Tells nothing by its time of where the two differ. */
export const equalInConstantTime = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
};

/** So many arguments any runtime takes. */
const applicable = 8192;

export const toBase64Url = (bytes: Uint8Array): string => {
  let binary = '';
  for (let from = 0; from < bytes.length; from += applicable) binary += String.fromCharCode(...bytes.subarray(from, from + applicable));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
};

/** What the last character may be when it stands for one byte's end or for two bytes': its unused bits are zero. */
const lastOf: Record<number, RegExp> = { 2: /[AQgw]$/, 3: /[AEIMQUYcgkosw048]$/ };

/** @returns undefined when the text is not canonical base64url, so that one value has one spelling. */
export const fromBase64Url = (text: string): Uint8Array<ArrayBuffer> | undefined => {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1 || lastOf[text.length % 4]?.test(text) === false) return undefined;
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
};

const pool = new Uint8Array(4096);
let poolUsed = pool.length;

/** Drawn many at once, for asking the system costs more than a small id does; none is given twice. */
export const randomBytes = (length: number): Uint8Array<ArrayBuffer> => {
  if (length > pool.length) return crypto.getRandomValues(new Uint8Array(length));
  if (poolUsed + length > pool.length) {
    crypto.getRandomValues(pool);
    poolUsed = 0;
  }
  poolUsed += length;
  return pool.slice(poolUsed - length, poolUsed);
};
