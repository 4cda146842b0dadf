import type { ErrorBody } from '../shared/errors.ts';

/**
 * What the API answered instead of a result: the fields of its error envelope. An answer without the envelope (a
 * proxy's, or to a HEAD, which has no body) has the code `http.<status>`.
 */
export class NexusApiError extends Error {
  override readonly name: string = 'NexusApiError';
  readonly code: string;
  readonly status: number;
  readonly requestId: string;
  readonly retryable: boolean;
  readonly resourceKind: string | undefined;
  readonly details: ErrorBody['details'];
  /** How long the server asks to wait before the next try (`Retry-After`). */
  readonly retryAfterMs: number | undefined;

  constructor(body: ErrorBody, retryAfterMs?: number) {
    super(body.message);
    this.code = body.code;
    this.status = body.http_status;
    this.requestId = body.request_id;
    this.retryable = body.retryable;
    this.resourceKind = body.resource_kind;
    this.details = body.details;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No answer, or none that is the API's: refused, reset, cut off, not JSON. `cause` is the platform's own error. */
export class NexusConnectionError extends Error {
  override readonly name: string = 'NexusConnectionError';
}

/** Nothing within `timeoutMs`. */
export class NexusTimeoutError extends Error {
  override readonly name: string = 'NexusTimeoutError';
}

/** `Retry-After` (RFC 9110, 10.2.3), seconds or a date → milliseconds from now; undefined when absent or nonsense. */
const retryAfterMsOf = (header: string | null, nowMs: number): number | undefined => {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
};

const envelopeOf = (text: string): ErrorBody | undefined => {
  try {
    const { error } = JSON.parse(text) as { error?: ErrorBody };
    return typeof error?.code === 'string' && typeof error.message === 'string' ? error : undefined;
  } catch {
    return undefined;
  }
};

/** An answer that is not a success, read to its end. */
export const apiErrorOf = async (response: Response, nowMs: number): Promise<NexusApiError> => {
  const { status } = response;
  const body = envelopeOf(await response.text()) ?? {
    code: `http.${status}`,
    message: `The server answered ${status} without saying why.`,
    http_status: status,
    request_id: response.headers.get('x-request-id') ?? '',
    retryable: status === 429 || status >= 500,
  };
  return new NexusApiError(body, retryAfterMsOf(response.headers.get('retry-after'), nowMs));
};
