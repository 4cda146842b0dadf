/** A moment by two clocks: the time of day, which may be set, and one that only goes forwards but stands still while the machine sleeps. */
export interface Instant {
  /** Unix milliseconds. */
  wallMs: number;
  elapsedMs: number;
}

export const instant = (nowMs: () => number): Instant => ({ wallMs: nowMs(), elapsedMs: performance.now() });

/** How long ago a moment was, at least, in milliseconds; when the time of day was set back nobody knows, and it counts as long ago. */
export const ageMs = (then: Instant, now: Instant): number =>
  now.wallMs < then.wallMs ? Number.POSITIVE_INFINITY : Math.max(now.wallMs - then.wallMs, now.elapsedMs - then.elapsedMs);
