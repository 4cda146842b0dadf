import type { Exchange } from './exchange.ts';

/**
 * What may go wrong with a request. `dropAfter`, `cut`, `deniedAfter` and `failedAfter` have had their effect when the
 * caller hears of nothing, of half, that a condition did not hold, or that the store is away. `unconditional`: done
 * without looking at conditions.
 */
export type FaultKind = 'unavailable' | 'throttled' | 'dropBefore' | 'dropAfter' | 'cut' | 'slow' | 'deniedAfter' | 'failedAfter' | 'unconditional';

export interface Faults {
  /** Share of requests that meet one of these kinds, 0 to 1. */
  rate: number;
  kinds: readonly FaultKind[];
  /** How long a slow answer takes, at most. */
  slowMs: number;
  /** What every request waits. */
  latencyMs: number;
  /** Which requests may meet one; all of them unless it is set. */
  on?: (exchange: Exchange) => boolean;
}

/** What a store may do that keeps its promises. */
export const allFaults: readonly FaultKind[] = ['unavailable', 'throttled', 'dropBefore', 'dropAfter', 'cut', 'slow'];
export const noFaults: Faults = { rate: 0, kinds: allFaults, slowMs: 0, latencyMs: 0 };

export const isRead = ({ method }: Exchange): boolean => method === 'GET' || method === 'HEAD';
export const isWrite = (exchange: Exchange): boolean => !isRead(exchange);
const conditions = ['x-goog-if-generation-match', 'if-none-match', 'if-match'];
export const isConditional = (exchange: Exchange): boolean =>
  isWrite(exchange) && (exchange.url.searchParams.has('ifGenerationMatch') || conditions.some((name) => name in exchange.headers));

/** The request as if nobody had made a condition. */
export const withoutConditions = ({ url, headers, ...exchange }: Exchange): Exchange => {
  const bare = new URL(url);
  bare.searchParams.delete('ifGenerationMatch');
  return { ...exchange, url: bare, headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !conditions.includes(name))) };
};

export const pickFault = ({ rate, kinds, on }: Faults, exchange: Exchange, random: () => number): FaultKind | undefined =>
  (on?.(exchange) ?? true) && random() < rate ? kinds[Math.floor(random() * kinds.length)] : undefined;
