/** What may go wrong with a request; `dropAfter` and `cut` have had their effect when the caller hears of nothing or of half. */
export type FaultKind = 'unavailable' | 'throttled' | 'dropBefore' | 'dropAfter' | 'cut' | 'slow';

export interface Faults {
  /** Share of requests that meet one of these kinds, 0 to 1. */
  rate: number;
  kinds: readonly FaultKind[];
  /** How long a slow answer takes, at most. */
  slowMs: number;
  /** What every request waits. */
  latencyMs: number;
}

export const allFaults: readonly FaultKind[] = ['unavailable', 'throttled', 'dropBefore', 'dropAfter', 'cut', 'slow'];
export const noFaults: Faults = { rate: 0, kinds: allFaults, slowMs: 0, latencyMs: 0 };

export const pickFault = ({ rate, kinds }: Faults, random: () => number): FaultKind | undefined =>
  random() < rate ? kinds[Math.floor(random() * kinds.length)] : undefined;
