import type { ErrorBody } from '../shared/errors.ts';
import { retryAfterMsOf } from '../shared/retry.ts';

/** What every call of this client throws, but for an aborted signal's reason. */
export abstract class NexusClientError extends Error {
  abstract readonly code: string;
  /** The same call may succeed when it is made again. */
  abstract readonly retryable: boolean;
}

/**
 * What the API answered instead of a result: the fields of its error envelope. An answer without the envelope (a
 * proxy's, or to a HEAD, which has no body) has the code `http.<status>`.
 */
export class NexusApiError extends NexusClientError {
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

/** 400: what was sent cannot be read, or leaves open in which context it is meant. */
export class BadRequestError extends NexusApiError {
  override readonly name = 'BadRequestError';
}
/** 401: no credential, or one that is not valid any more. */
export class AuthenticationError extends NexusApiError {
  override readonly name = 'AuthenticationError';
}
/** 403: a good credential without the right to this. */
export class PermissionError extends NexusApiError {
  override readonly name = 'PermissionError';
}
/** 404: not there, or another tenant's, which is the same. */
export class NotFoundError extends NexusApiError {
  override readonly name = 'NotFoundError';
}
/** 409: another model, another body under one key, or a task that is not visible yet: `code` tells which. */
export class ConflictError extends NexusApiError {
  override readonly name = 'ConflictError';
}
/** 410: the walk has ended; begin it again without a cursor. */
export class CursorInvalidError extends NexusApiError {
  override readonly name = 'CursorInvalidError';
}
/** 413, 415, 422: the request is well-formed and not acceptable; `details.issues` tells where. */
export class InvalidRequestError extends NexusApiError {
  override readonly name = 'InvalidRequestError';
}
/** 429, after the retries. */
export class RateLimitedError extends NexusApiError {
  override readonly name = 'RateLimitedError';
}
/** 5xx, after the retries where those can help. */
export class ServerError extends NexusApiError {
  override readonly name = 'ServerError';
}

const classes: Readonly<Record<number, typeof NexusApiError>> = {
  400: BadRequestError,
  401: AuthenticationError,
  403: PermissionError,
  404: NotFoundError,
  409: ConflictError,
  410: CursorInvalidError,
  413: InvalidRequestError,
  415: InvalidRequestError,
  422: InvalidRequestError,
  429: RateLimitedError,
};

const classOf = (status: number): typeof NexusApiError => classes[status] ?? (status >= 500 ? ServerError : NexusApiError);

/** No answer, or none that is the API's: refused, reset, cut off, not JSON. `cause` is the platform's own error. */
export class NexusConnectionError extends NexusClientError {
  override readonly name = 'NexusConnectionError';
  readonly code = 'client.connection';
  readonly retryable = true;
}

/** Nothing within `timeoutMs`. */
export class NexusTimeoutError extends NexusClientError {
  override readonly name = 'NexusTimeoutError';
  readonly code = 'client.timeout';
  readonly retryable = true;
}

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
  return new (classOf(body.http_status))(body, retryAfterMsOf(response.headers.get('retry-after'), nowMs));
};
