/** Frames that take longer than this are seen as jerks, ms. */
const slowMs = 45;
const fastMs = 24;
const fewest = 4000;
/** At once to at most this share: one slow frame may be somebody else's. */
const steepest = 0.4;
const slower = 1.1;
/** The picture rests when it has not moved for so long, or for so many frames, ms. */
const restMs = 200;
const restFrames = 4;

export interface Pace {
  /** How many points are drawn now. @param waitedMs from asking for this frame until it came: the frames before it are in its way */
  affordable(waitedMs: number, count: number): number;
  /** After how long without a move all points are drawn. */
  restMs(): number;
}

/**
 * How many points are drawn while the picture moves: as many as keep it smooth. The first ones are a fair sample, so
 * that fewer still show the whole.
 */
export const createPace = (): Pace => {
  let most = Number.POSITIVE_INFINITY;
  let lastMs = 0;
  return {
    affordable(waitedMs, count) {
      lastMs = waitedMs;
      if (waitedMs > slowMs) most = Math.max(fewest, Math.min(most, count) * Math.max(steepest, slowMs / waitedMs));
      else if (waitedMs < fastMs) most *= slower;
      return Math.min(count, Math.round(most));
    },
    // Where frames are slow, moves come as seldom: a rest between two of them would draw everything each time.
    restMs: () => Math.max(restMs, restFrames * lastMs),
  };
};
