import { NexusError } from '../shared/errors.ts';
import { limits } from '../shared/limits.ts';
import type { EdgeDeps } from './edge-deps.ts';

/**
 * One tenant's requests, counted by Cloudflare in each location, approximately. Without the binding nothing is limited.
 * A counter that fails lets everybody through: it protects the runner from too much, not from strangers.
 * @returns a function that throws NexusError 429
 */
export const createRateLimit = ({ bindings, log }: Pick<EdgeDeps, 'bindings' | 'log'>): ((tenantId: string) => Promise<void>) => {
  const limiter = bindings.NEXUS_RATE_LIMIT;
  if (limiter === undefined) return async () => undefined;
  return async (tenantId) => {
    const { success } = await limiter.limit({ key: tenantId }).catch((cause: unknown) => {
      log({ level: 'error', event: 'rate_limit_failed', cause: String(cause) });
      return { success: true };
    });
    if (success) return;
    throw new NexusError('nexus.rate_limited', 'Too many requests of this tenant. Wait, then send fewer at once.', {
      retryAfterSeconds: limits.rateLimitPeriodMs / 1000,
    });
  };
};
