/** How often and how patiently what may be repeated is repeated. */
export interface RetryPolicy {
  /** Tries in all. */
  attempts: number;
  /** First wait at most; each next one is up to twice as long, up to `backoffMaxMs`. */
  backoffMs: number;
  backoffMaxMs: number;
  /** Share of each wait that is left to chance; all of it unless given. Less, where no run of luck may use the tries up at once. */
  jitter?: number;
  /** A server that asks for more patience than this is not asked again. */
  retryAfterMaxMs: number;
}

/**
 * How long to wait before the next try; undefined: give up. `Retry-After` is a floor: with it, never earlier. Without
 * it: exponential with jitter.
 * @param attempt tries so far, from 1
 * @param random in [0, 1)
 */
export const retryWaitMs = (policy: RetryPolicy, attempt: number, retryAfterMs: number | undefined, random: number): number | undefined => {
  if (attempt >= policy.attempts) return undefined;
  const { jitter = 1 } = policy;
  if (retryAfterMs === undefined) return (1 - jitter + random * jitter) * Math.min(policy.backoffMaxMs, policy.backoffMs * 2 ** (attempt - 1));
  return retryAfterMs > policy.retryAfterMaxMs ? undefined : retryAfterMs + random * policy.backoffMs;
};

/**
 * The one retry loop of the tree.
 * @param waitMsOf before the next try; undefined: the error is told
 */
export const retrying = async <T>(
  once: () => Promise<T>,
  waitMsOf: (error: unknown, attempt: number) => number | undefined,
  sleep: (ms: number) => Promise<unknown>,
): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await once();
    } catch (error) {
      const waitMs = waitMsOf(error, attempt);
      if (waitMs === undefined) throw error;
      await sleep(waitMs);
    }
  }
};

/** `Retry-After` (RFC 9110, 10.2.3), seconds or a date → milliseconds from now; undefined when absent or nonsense. */
export const retryAfterMsOf = (header: string | null, nowMs: number): number | undefined => {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
};
