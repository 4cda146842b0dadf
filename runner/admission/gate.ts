import { NexusError } from '../../shared/errors.ts';

export interface GateLimits {
  /** Pieces of work under way at once. */
  places: number;
  /** Waiting for a place: in all, and of one tenant. */
  waiting: number;
  waitingPerTenant: number;
  /** Nobody waits longer. */
  waitMs: number;
}

/** Who waits: asked again when the turn comes. */
export interface Comer {
  tenant: string;
  /** Nobody wants the answer any more. */
  isOver(): boolean;
}

interface Waiting extends Comer {
  sinceMs: number;
  admit(): void;
  refuse(error: NexusError): void;
}

/**
 * A few places to work and a line before them, fair by tenant: a place that becomes free goes to the tenants in turn,
 * within a tenant first come first served. One tenant's flood waits behind itself.
 */
export interface Gate {
  /** Resolves with a place; give it back with `leave`. @throws NexusError 429, 503, 504 */
  enter(comer: Comer): Promise<void>;
  /** Takes a place again after having left for a while: before all who wait. */
  enterAgain(): Promise<void>;
  leave(): void;
  /** What `enter` would refuse a tenant with right now, without waiting. */
  refusal(tenant: string): NexusError | undefined;
  running(): number;
  waiting(): number;
}

const retryAfterSeconds = 1;
// Made once: in a flood, where an error was made would be noted thousands of times, at a price, and tells nothing.
const tenantFull = new NexusError('nexus.rate_limited', 'Too many requests of this tenant are waiting. Try again a little later, with fewer at once.', {
  retryAfterSeconds,
});
const processFull = new NexusError('nexus.overloaded', 'The server has more to do than it can. Try again a little later.', { retryAfterSeconds });
const nobodyWaits = (): NexusError => new NexusError('nexus.timeout', 'The time for this request was over before its turn came.');

/** How often those who wait too long are looked for, while anybody waits. */
const lookMs = 250;

export const createGate = ({ places, waiting: waitingMax, waitingPerTenant, waitMs }: GateLimits, nowMs: () => number): Gate => {
  /** By tenant, in the order of turns. */
  const lines = new Map<string, Waiting[]>();
  const returning: (() => void)[] = [];
  let running = 0;
  let waiting = 0;
  let clock: NodeJS.Timeout | undefined;

  const without = (tenant: string, line: Waiting[]): void => {
    lines.delete(tenant);
    if (line.length > 0) lines.set(tenant, line);
  };

  /** The next who still wants it; the tenant goes to the end of the turns. */
  const next = (): Waiting | undefined => {
    for (const [tenant, line] of lines) {
      const first = line.shift();
      without(tenant, line);
      if (first === undefined) continue;
      waiting -= 1;
      if (!first.isOver()) return first;
      first.refuse(nobodyWaits());
    }
    return undefined;
  };

  const fill = (): void => {
    while (running < places) {
      const admit = returning.shift() ?? next()?.admit;
      if (admit === undefined) return;
      running += 1;
      admit();
    }
  };

  /** The newest of the longest line gives way to a tenant whose line is shorter. @returns whether there was one */
  const makeRoom = (than: number): boolean => {
    let longest: Waiting[] = [];
    for (const line of lines.values()) if (line.length > longest.length) longest = line;
    if (longest.length <= than) return false;
    longest.pop()?.refuse(processFull);
    waiting -= 1;
    return true;
  };

  const look = (): void => {
    for (const [tenant, line] of lines) {
      const kept = line.filter((one) => {
        const isLate = one.sinceMs + waitMs < nowMs();
        if (isLate) one.refuse(processFull);
        else if (one.isOver()) one.refuse(nobodyWaits());
        else return true;
        waiting -= 1;
        return false;
      });
      if (kept.length === 0) lines.delete(tenant);
      else lines.set(tenant, kept);
    }
    if (waiting > 0) return;
    clearInterval(clock);
    clock = undefined;
  };

  const refusal = (tenant: string): NexusError | undefined => {
    const length = lines.get(tenant)?.length ?? 0;
    if (length >= waitingPerTenant) return tenantFull;
    if (waiting < waitingMax) return undefined;
    return [...lines.values()].some((line) => line.length > length + 1) ? undefined : processFull;
  };

  return {
    async enter(comer) {
      if (running < places && waiting === 0 && returning.length === 0) {
        running += 1;
        return;
      }
      const refused = refusal(comer.tenant);
      if (refused !== undefined) throw refused;
      const line = lines.get(comer.tenant) ?? [];
      if (waiting >= waitingMax) makeRoom(line.length);
      await new Promise<void>((admit, refuse) => {
        line.push({ ...comer, sinceMs: nowMs(), admit, refuse });
        lines.set(comer.tenant, line);
        waiting += 1;
        clock ??= setInterval(look, lookMs).unref();
      });
    },
    enterAgain: () =>
      new Promise((resolve) => {
        returning.push(resolve);
        fill();
      }),
    leave() {
      running -= 1;
      fill();
    },
    refusal,
    running: () => running,
    waiting: () => waiting,
  };
};
