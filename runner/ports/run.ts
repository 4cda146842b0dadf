/** What one request carries through the rooms that work for it: its time, its turn, and what it took. */
export interface Run {
  /** Stops work that nobody waits for any more: the caller is gone, or the time is up. @throws NexusError 504 */
  check(): void;
  /** Milliseconds left, at least 1. */
  remainingMs(): number;
  /** Runs what only waits (for a task, for another service) without holding one of the few places to work. */
  idle<T>(work: () => Promise<T>): Promise<T>;
  /** Notes the time of a stage, for `Server-Timing`, the log and the metrics. Milliseconds. */
  took(stage: string, ms: number): void;
}

/** Work that nobody limits. */
export const freeRun: Run = {
  check: () => undefined,
  remainingMs: () => 2 ** 31 - 1,
  idle: (work) => work(),
  took: () => undefined,
};
