import { NexusError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { Metrics } from '../ports/metrics.ts';
import { type Budget, createBudget } from './budget.ts';
import { createGate, type Gate } from './gate.ts';

/** How much this process takes on at once. Over it: 429 or 503 with `Retry-After`, at once. */
export interface Admission {
  /** Requests that read or accept. */
  work: Gate;
  /** Files on their way in. */
  uploads: Gate;
  bodies: Budget;
  /** One pushed message; it cannot wait here, for the spine keeps it better. @throws NexusError 503 */
  message<T>(handle: () => Promise<T>): Promise<T>;
}

/** @param places requests that work at once */
export const createAdmission = (places: number, nowMs: () => number, metrics: Metrics): Admission => {
  const work = createGate({ places, waiting: limits.waitingRequests, waitingPerTenant: limits.waitingRequestsPerTenant, waitMs: limits.waitForPlaceMs }, nowMs);
  const uploads = createGate(
    { places: limits.uploadPlaces, waiting: limits.waitingUploads, waitingPerTenant: limits.waitingUploadsPerTenant, waitMs: limits.waitForPlaceMs },
    nowMs,
  );
  const bodies = createBudget(limits.bodyBytesHeld, limits.bodyBytesHeldPerTenant);
  let messages = 0;

  metrics.gauge('nexus_requests_running', 'Requests that have a place to work.', () => [
    [{ kind: 'work' }, work.running()],
    [{ kind: 'upload' }, uploads.running()],
    [{ kind: 'message' }, messages],
  ]);
  metrics.gauge('nexus_requests_waiting', 'Requests that wait for a place to work.', () => [
    [{ kind: 'work' }, work.waiting()],
    [{ kind: 'upload' }, uploads.waiting()],
  ]);
  metrics.gauge('nexus_request_places', 'Places to work.', () => places);
  metrics.gauge('nexus_body_bytes_held', 'Bytes of JSON bodies in memory.', () => bodies.held());

  return {
    work,
    uploads,
    bodies,
    async message(handle) {
      if (messages >= limits.messagesAtOnce)
        throw new NexusError('nexus.overloaded', 'Enough messages are under way. Deliver this one again.', { retryAfterSeconds: 1 });
      messages += 1;
      try {
        return await handle();
      } finally {
        messages -= 1;
      }
    },
  };
};
