import { limits } from '../shared/limits.ts';
import { NexusApiError, NexusConnectionError } from './errors.ts';

const passingStatuses: readonly number[] = [429, 502, 503, 504];

/** A route that is missing stays missing until somebody adds it. */
const mayPass = (error: NexusApiError): boolean => passingStatuses.includes(error.status) && !error.code.endsWith('.missing_route');

/**
 * How long to wait before a call that failed is tried again; undefined: tell the caller.
 * `Retry-After` is a floor: with it, never earlier. Without it: exponential; half of each wait is jitter, so that no run of luck uses the tries up at once.
 * @param attempt tries so far, from 1
 * @param random in [0, 1)
 */
export const retryWaitMs = (error: unknown, attempt: number, random: number): number | undefined => {
  if (attempt >= limits.clientAttempts) return undefined;
  if (error instanceof NexusApiError && mayPass(error)) {
    if (error.retryAfterMs === undefined) return backoffMs(attempt, random);
    return error.retryAfterMs > limits.clientRetryAfterMaxMs ? undefined : error.retryAfterMs + random * limits.clientBackoffMs;
  }
  return error instanceof NexusConnectionError ? backoffMs(attempt, random) : undefined;
};

const backoffMs = (attempt: number, random: number): number =>
  ((1 + random) / 2) * Math.min(limits.clientBackoffMaxMs, limits.clientBackoffMs * 2 ** (attempt - 1));
