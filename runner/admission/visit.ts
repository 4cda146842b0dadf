import { NexusError } from '../../shared/errors.ts';
import type { Run } from '../ports/run.ts';
import type { Budget } from './budget.ts';
import type { Gate } from './gate.ts';

/** One request from its grant to its answer: waits for a place, works in its time, and leaves nothing behind. */
export interface Visit extends Run {
  /** Counts bytes of the body that are held until `leave`. @throws NexusError 429, 503 */
  hold(tenant: string, bytes: number): void;
  /** Waits for a place to work. @throws NexusError 429, 503, 504 */
  enter(tenant: string): Promise<void>;
  /** Answers for the work when its time is over; the work itself keeps its place until it has really ended. @throws NexusError 504 */
  inTime<T>(work: Promise<T>): Promise<T>;
  /** Gives back place and bytes; once is enough, twice does no harm. */
  leave(): void;
}

export interface VisitDeps {
  gate: Gate;
  bodies: Budget;
  /** Monotonic milliseconds. */
  clockMs: () => number;
  /** By the same clock. */
  deadlineMs: number;
  /** Whoever asked has gone. */
  isGone: () => boolean;
  took: (stage: string, ms: number) => void;
}

export const createVisit = ({ gate, bodies, clockMs, deadlineMs, isGone, took }: VisitDeps): Visit => {
  let inside = false;
  let heldBytes = 0;
  let heldFor = '';
  const timeIsOver = (): NexusError => new NexusError('nexus.timeout', 'The time for this request is over. Try again, or ask for less at once.');
  const isOver = (): boolean => clockMs() > deadlineMs || isGone();
  const stepOut = (): void => {
    if (inside) gate.leave();
    inside = false;
  };

  return {
    check() {
      if (isOver()) throw timeIsOver();
    },
    remainingMs: () => Math.max(1, Math.ceil(deadlineMs - clockMs())),
    took,
    hold(tenant, bytes) {
      bodies.take(tenant, bytes);
      heldFor = tenant;
      heldBytes += bytes;
    },
    async enter(tenant) {
      const startedMs = clockMs();
      await gate.enter({ tenant, isOver });
      inside = true;
      took('wait', clockMs() - startedMs);
    },
    async idle(work) {
      if (!inside) return work();
      stepOut();
      try {
        return await work();
      } finally {
        await gate.enterAgain();
        inside = true;
      }
    },
    inTime: (work) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(timeIsOver()), Math.max(1, deadlineMs - clockMs()));
        work.finally(() => clearTimeout(timer)).then(resolve, reject);
      }),
    leave() {
      stepOut();
      if (heldBytes > 0) bodies.give(heldFor, heldBytes);
      heldBytes = 0;
    },
  };
};
