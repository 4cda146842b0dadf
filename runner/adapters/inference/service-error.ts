import { NexusError } from '../../../shared/errors.ts';

/** How a call of a model service ended without a result. */
export type ServiceFailure = { status: number; code?: string | undefined; retryAfterMs?: number | undefined } | 'unreachable' | 'late' | 'unreadable';

const saying = (service: string, failure: ServiceFailure): string => {
  if (typeof failure !== 'string') return `${service} answered ${failure.status}${failure.code === undefined ? '' : ` ${failure.code}`}`;
  return { unreachable: `${service} cannot be reached`, late: `${service} did not answer in time`, unreadable: `${service} answered nothing readable` }[
    failure
  ];
};

/** Names the service, the status and the vendor's error code: never its words, which may repeat a key or a text. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly failure: ServiceFailure;

  constructor(service: string, failure: ServiceFailure, options?: ErrorOptions) {
    super(saying(service, failure), options);
    this.failure = failure;
  }

  get status(): number | undefined {
    return typeof this.failure === 'string' ? undefined : this.failure.status;
  }

  get retryAfterMs(): number | undefined {
    return typeof this.failure === 'string' ? undefined : this.failure.retryAfterMs;
  }
}

/** An account that is out of money answers 429 too, and no patience helps. */
const exhausted = 'insufficient_quota';

/** The same call may succeed a moment later. */
export const mayPass = ({ failure }: ServiceError): boolean =>
  typeof failure === 'string' || (failure.code !== exhausted && ([408, 424, 425, 429].includes(failure.status) || failure.status >= 500));

const retryAfterSeconds = 5;

/** A vendor's failure as ours: an event that meets it comes again, an operator finds the cause in the log. */
export const asUpstreamError = (what: string, error: ServiceError): NexusError =>
  error.failure === 'unreadable'
    ? new NexusError('nexus.upstream_invalid', `The ${what} does not answer as it should.`, { cause: error })
    : new NexusError('nexus.upstream_unavailable', `The ${what} cannot be used now. Try again.`, { cause: error, retryAfterSeconds });
