/** Frames that take longer than this are seen as jerks, ms. */
const slowMs = 45;
const fastMs = 24;
/** Two frames farther apart are no motion, ms. */
const pauseMs = 250;
const fewest = 4000;

/**
 * How many points are drawn while the picture moves: as many as keep it smooth. The first ones are a fair sample, so
 * that fewer still show the whole.
 */
export const createPace = () => {
  let affordable = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  return (nowMs: number, count: number): number => {
    const tookMs = nowMs - lastMs;
    lastMs = nowMs;
    if (tookMs < pauseMs) {
      if (tookMs > slowMs) affordable = Math.max(fewest, Math.min(affordable, count) * 0.7);
      else if (tookMs < fastMs) affordable *= 1.1;
    }
    return Math.min(count, Math.round(affordable));
  };
};
