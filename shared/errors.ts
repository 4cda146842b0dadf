/** The one table of error codes and the one envelope (contract section 6). */

type Row = { status: number; retryable?: true };

const table = {
  'nexus.malformed_json': { status: 400 },
  'nexus.context_missing': { status: 400 },
  'auth.unauthenticated': { status: 401 },
  'auth.tenant_mismatch': { status: 403 },
  'auth.context_forbidden': { status: 403 },
  'auth.role_required': { status: 403 },
  'nexus.global_write_forbidden': { status: 403 },
  'nexus.global_read_forbidden': { status: 403 },
  'nexus.not_found': { status: 404 },
  'nexus.method_not_allowed': { status: 405 },
  'nexus.embedding_mismatch': { status: 409 },
  'nexus.idempotency_conflict': { status: 409 },
  'nexus.not_yet_visible': { status: 409, retryable: true },
  'nexus.cursor_invalid': { status: 410 },
  'nexus.payload_too_large': { status: 413 },
  'nexus.unsupported_media_type': { status: 415 },
  'nexus.validation_failed': { status: 422 },
  'nexus.filter_unsupported': { status: 422 },
  'nexus.rerank_unavailable': { status: 422 },
  'nexus.blob_ref_forbidden': { status: 422 },
  'nexus.rate_limited': { status: 429, retryable: true },
  'nexus.internal': { status: 500, retryable: true },
  'nexus.upstream_invalid': { status: 502, retryable: true },
  'nexus.overloaded': { status: 503, retryable: true },
  'nexus.upstream_unavailable': { status: 503, retryable: true },
  'nexus_store.missing_route': { status: 503, retryable: true },
  'nexus_blob_store.missing_route': { status: 503, retryable: true },
  'nexus.timeout': { status: 504, retryable: true },
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof table;
export const errorCodes = Object.keys(table) as ErrorCode[];
export const statusOf = (code: ErrorCode): number => table[code].status;
const retryableOf = (code: ErrorCode): boolean => (table[code] as Row).retryable === true;

export interface Issue {
  path: string;
  message: string;
}

export interface ErrorBody {
  code: string;
  message: string;
  http_status: number;
  request_id: string;
  retryable: boolean;
  resource_kind?: string;
  details?: { issues?: Issue[]; [key: string]: unknown };
}

export interface NexusErrorOptions {
  details?: ErrorBody['details'];
  resourceKind?: string;
  /** Seconds; sent as `Retry-After`. */
  retryAfterSeconds?: number;
  /** The vendor's own error: logged, never sent. */
  cause?: unknown;
}

/** A failure that a caller may be told about, word for word. Anything else becomes `nexus.internal`. */
export class NexusError extends Error {
  override readonly name = 'NexusError';
  readonly code: ErrorCode;
  readonly details: ErrorBody['details'];
  readonly resourceKind: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: NexusErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.resourceKind = options.resourceKind;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return statusOf(this.code);
  }

  get retryable(): boolean {
    return retryableOf(this.code);
  }
}

export const validationFailed = (issues: Issue[], code: 'nexus.validation_failed' | 'nexus.filter_unsupported' = 'nexus.validation_failed'): NexusError => {
  const [first] = issues;
  const where = first?.path ? `${first.path}: ` : '';
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more, see details.issues)` : '';
  return new NexusError(code, `The request is not valid. ${where}${first?.message ?? 'unknown problem'}${more}`, { details: { issues } });
};

/** One text for every refused cursor, so that a refusal tells nothing about why. */
export const cursorInvalid = (): NexusError =>
  new NexusError('nexus.cursor_invalid', 'This cursor is no longer valid for this request. Start again without a cursor.');

const internal = (cause: unknown): NexusError =>
  new NexusError('nexus.internal', 'Something went wrong on our side. Try again, and quote the request id if it stays.', { cause });

export const toNexusError = (error: unknown): NexusError => (error instanceof NexusError ? error : internal(error));

/** The answer to any failure: status, headers and the envelope. */
export const errorAnswer = (error: unknown, requestId: string): { status: number; headers: Record<string, string>; body: { error: ErrorBody } } => {
  const known = toNexusError(error);
  const headers: Record<string, string> = { 'content-type': 'application/json; charset=utf-8' };
  if (known.retryAfterSeconds !== undefined) headers['retry-after'] = String(known.retryAfterSeconds);
  if (known.code === 'auth.unauthenticated') headers['www-authenticate'] = 'Bearer';
  return {
    status: known.status,
    headers,
    body: {
      error: {
        code: known.code,
        message: known.message,
        http_status: known.status,
        request_id: requestId,
        retryable: known.retryable,
        ...(known.resourceKind === undefined ? {} : { resource_kind: known.resourceKind }),
        ...(known.details === undefined ? {} : { details: known.details }),
      },
    },
  };
};
