import { grantHeader, timeoutHeader } from '../shared/grant.ts';
import { parseTraceparent, type Trace, traceparentOf } from '../shared/trace.ts';

/**
 * Everything else that a caller sends stays here: first of all every `X-Nexus-*`, and the credential.
 * `content-length` is the runtime's to set, from the body that it really sends.
 */
const toRunner = ['content-type', 'accept', 'range', 'if-none-match', 'idempotency-key', 'tracestate'] as const;

const toCaller = [
  'content-type',
  'content-length',
  'etag',
  'location',
  'retry-after',
  'content-disposition',
  'cache-control',
  'accept-ranges',
  'content-range',
  'x-content-type-options',
  'content-security-policy',
  'server-timing',
  'last-modified',
  'vary',
] as const;

const pick = (from: Headers, names: readonly string[]): Headers => {
  const headers = new Headers();
  for (const name of names) {
    const value = from.get(name);
    if (value !== null) headers.set(name, value);
  }
  return headers;
};

/** @param timeoutMs in which the runner is to answer */
export const headersToRunner = (from: Headers, trace: Trace, requestId: string, grant: string, timeoutMs: number): Headers => {
  const headers = pick(from, toRunner);
  // State belongs to the trace that it came with.
  if (parseTraceparent(from.get('traceparent')) === undefined) headers.delete('tracestate');
  headers.set('traceparent', traceparentOf(trace));
  headers.set(timeoutHeader, String(timeoutMs));
  headers.set('x-request-id', requestId);
  headers.set(grantHeader, grant);
  return headers;
};

export const headersToCaller = (from: Headers): Headers => {
  const headers = pick(from, toCaller);
  // The runtime decodes what it fetched: the length of the encoded body is no longer its length.
  if (from.has('content-encoding')) headers.delete('content-length');
  return headers;
};
