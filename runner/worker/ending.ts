import { NexusError } from '../../shared/errors.ts';

/** Work that was begun before the signal may go on for this long: Cloud Run kills ten seconds after it. */
const finishWithinMs = 6_000;

const handedBack = (): NexusError => new NexusError('nexus.overloaded', 'This instance is ending. Deliver the event again.', { retryAfterSeconds: 1 });

/** How a process ends without losing work: it takes on no more, finishes what it can, and hands the rest back to the spine. */
export interface Ending {
  begin(): void;
  /** @throws NexusError 503 when the process ends before the work does; the event comes again, to another instance */
  takeOn<T>(work: () => Promise<T>): Promise<T>;
}

export const createEnding = (): Ending => {
  let begun = false;
  const underWay = new Set<() => void>();
  return {
    begin() {
      if (begun) return;
      begun = true;
      setTimeout(() => {
        for (const handBack of underWay) handBack();
      }, finishWithinMs).unref();
    },
    takeOn: (work) =>
      new Promise((resolve, reject) => {
        const handBack = () => reject(handedBack());
        if (begun) return handBack();
        underWay.add(handBack);
        work()
          .then(resolve, reject)
          .finally(() => underWay.delete(handBack));
      }),
  };
};
