import { limits } from '../../../shared/limits.ts';
import { retryAfterMsOf } from '../../../shared/retry.ts';
import { ServiceError } from './service-error.ts';

/** How to reach a service of a vendor. */
export interface ServiceAccess {
  /** In errors and logs. */
  name: string;
  /** Made anew for each call: tokens end. */
  headers: () => Promise<Record<string, string>> | Record<string, string>;
  /** One try. */
  timeoutMs: number;
  fetch: typeof fetch;
}

/** Names that vendors give to what went wrong. Only these are repeated: any other word of theirs may hold a key or a text. */
const knownCodes: ReadonlySet<unknown> = new Set([
  // OpenAI and those who speak like it
  ...['invalid_api_key', 'insufficient_quota', 'rate_limit_exceeded', 'model_not_found', 'context_length_exceeded'],
  ...['invalid_request_error', 'authentication_error', 'permission_error', 'server_error', 'unsupported_value', 'unsupported_parameter'],
  // Google
  ...['INVALID_ARGUMENT', 'UNAUTHENTICATED', 'PERMISSION_DENIED', 'NOT_FOUND', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'INTERNAL', 'UNAVAILABLE'],
  // TEI
  ...['Validation', 'Tokenizer', 'Backend', 'Overloaded', 'Unhealthy'],
]);

const vendorCodeOf = (text: string): string | undefined => {
  try {
    const body = JSON.parse(text) as { error?: { code?: unknown; status?: unknown; type?: unknown }; error_type?: unknown; code?: unknown };
    const found = [body?.error?.code, body?.error?.status, body?.error?.type, body?.error_type, body?.code];
    return found.find((code): code is string => knownCodes.has(code));
  } catch {
    return undefined;
  }
};

/** A whole answer, as text. @throws ServiceError when it is longer than any honest one */
const readText = async (response: Response, service: string): Promise<string> => {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.byteLength;
    if (bytes > limits.vendorAnswerBytes) throw new ServiceError(service, 'unreadable');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
};

const reasonOf = (error: unknown): string => {
  const { cause, name } = error as { cause?: { code?: unknown }; name?: unknown };
  return String(cause?.code ?? name);
};

/**
 * One call, once. Redirects are not followed: they would carry a key to where nobody sent it.
 * @throws ServiceError; the signal's reason when it ends the call
 */
export const postJson = async (access: ServiceAccess, url: string, body: unknown, signal: AbortSignal | undefined): Promise<unknown> => {
  signal?.throwIfAborted();
  const timeout = AbortSignal.timeout(access.timeoutMs);
  const both = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  try {
    const headers = { 'content-type': 'application/json', accept: 'application/json', ...(await access.headers()) };
    const response = await access.fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal: both, redirect: 'manual' });
    const text = await readText(response, access.name);
    if (!response.ok) {
      const retryAfterMs = retryAfterMsOf(response.headers.get('retry-after'), Date.now());
      throw new ServiceError(access.name, { status: response.status, code: vendorCodeOf(text), retryAfterMs });
    }
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    signal?.throwIfAborted();
    if (timeout.aborted) throw new ServiceError(access.name, 'late');
    if (error instanceof SyntaxError) throw new ServiceError(access.name, 'unreadable');
    throw new ServiceError(access.name, 'unreachable', { cause: reasonOf(error) });
  }
};
