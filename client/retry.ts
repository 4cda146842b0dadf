import { limits } from '../shared/limits.ts';
import { retryWaitMs } from '../shared/retry.ts';
import { NexusApiError, NexusConnectionError } from './errors.ts';

const passingStatuses: readonly number[] = [429, 502, 503, 504];

/** A route that is missing stays missing until somebody adds it. */
const mayPass = (error: NexusApiError): boolean => passingStatuses.includes(error.status) && !error.code.endsWith('.missing_route');

/**
 * How long to wait before a call that failed is tried again; undefined: tell the caller.
 * @param attempt tries so far, from 1
 * @param random in [0, 1)
 */
export const callWaitMs = (error: unknown, attempt: number, random: number): number | undefined => {
  if (error instanceof NexusConnectionError) return retryWaitMs(limits.clientRetry, attempt, undefined, random);
  return error instanceof NexusApiError && mayPass(error) ? retryWaitMs(limits.clientRetry, attempt, error.retryAfterMs, random) : undefined;
};
