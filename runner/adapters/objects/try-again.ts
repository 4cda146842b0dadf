import { setTimeout as sleep } from 'node:timers/promises';
import { StorageUnavailableError } from '../../ports/blobs.ts';

const attempts = 7;
/** Doubled each time, with full jitter (Brooker, "Exponential backoff and jitter"): about 3 s in all, at most 6. */
const firstWaitMs = 50;
const waitMsMax = 3_000;

const statusOf = (error: unknown): number | undefined => {
  const { code, statusCode, status, $metadata } = error as { code?: unknown; statusCode?: unknown; status?: unknown; $metadata?: { httpStatusCode?: unknown } };
  return [code, statusCode, status, $metadata?.httpStatusCode].find((value) => typeof value === 'number');
};

/** The vendors' clients agree on nothing but that an answer has a status; what has none is a connection that broke. */
const isTransient = (error: unknown): boolean => {
  const status = statusOf(error);
  return status === undefined ? error instanceof Error && !(error instanceof TypeError) : status === 408 || status === 429 || status >= 500;
};

export const isStatus = (error: unknown, ...statuses: number[]): boolean => statuses.includes(statusOf(error) ?? 0);

/** undefined for what is not there; any other failure is a failure. */
export const orMissing = async <T>(work: Promise<T>): Promise<T | undefined> => {
  try {
    return await work;
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
};

/**
 * The one loop for requests to an object store, all of which may be repeated. The vendors' own loops are off: they begin
 * at a second, or do not cover a body that breaks off.
 * @throws StorageUnavailableError when the store does not answer; the vendor's error when it says no
 */
export const tryAgain = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isTransient(error)) throw error;
      if (attempt === attempts) throw new StorageUnavailableError('the object store does not answer', { cause: error });
      await sleep(Math.random() * Math.min(waitMsMax, firstWaitMs * 2 ** attempt));
    }
  }
};
