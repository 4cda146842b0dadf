import { NexusError } from '../../shared/errors.ts';

/** Bytes that may be held at once, in all and of one tenant. */
export interface Budget {
  /** @throws NexusError 429, 503; then nothing was taken */
  take(tenant: string, bytes: number): void;
  give(tenant: string, bytes: number): void;
  held(): number;
}

export const createBudget = (bytesMax: number, bytesMaxPerTenant: number): Budget => {
  const held = new Map<string, number>();
  let total = 0;
  const add = (tenant: string, bytes: number): void => {
    const left = (held.get(tenant) ?? 0) + bytes;
    total += bytes;
    if (left === 0) held.delete(tenant);
    else held.set(tenant, left);
  };
  return {
    take(tenant, bytes) {
      if ((held.get(tenant) ?? 0) + bytes > bytesMaxPerTenant)
        throw new NexusError('nexus.rate_limited', 'Too much of this tenant is under way. Send large bodies one after another.', { retryAfterSeconds: 1 });
      if (total + bytes > bytesMax) throw new NexusError('nexus.overloaded', 'Too much is under way. Try again a little later.', { retryAfterSeconds: 1 });
      add(tenant, bytes);
    },
    give: (tenant, bytes) => add(tenant, -bytes),
    held: () => total,
  };
};
