import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type SpooledMessage, spoolFiles } from '../../runner/adapters/spool/spool-files.ts';
import { formatMicros } from '../../shared/time.ts';
import type { RunnerProcess } from './runner-process.ts';

/** An event as the accepting runner left it in its spool. */
export type SpineEvent = Pick<SpooledMessage, 'message_id' | 'seq' | 'data' | 'attributes'>;

/** Takes accepted events out of a spool that nobody delivers. */
export const spoolTaker = (data: string): ((taskId: string) => Promise<SpineEvent>) => {
  const files = spoolFiles(join(data, 'spool'));
  const taken = new Map<string, SpineEvent>();
  return async (taskId) => {
    for (const file of taken.has(taskId) ? [] : (await files.list()).files) {
      const event = await files.read(file);
      if (event === undefined) continue;
      taken.set(event.attributes['ce-subject'] ?? '', event);
      await files.remove(file);
    }
    const event = taken.get(taskId);
    if (event === undefined) throw new Error(`task ${taskId} was accepted, but its event is not in the spool`);
    taken.delete(taskId);
    return event;
  };
};

/** As Pub/Sub does: what is not acknowledged in this time is sent to another instance, while the first may still be at it. */
const acknowledgeWithinMs = 4_000;
const backoffMs = 150;
/** An event that fails this often will always fail. */
const triesMax = 300;

/** Delivers events to any of the workers until they are acknowledged. */
export interface Deliverer {
  deliver(event: SpineEvent): Promise<void>;
  /** Also deliveries that nobody waits for any more have ended: no worker is still at anything. */
  quiet(): Promise<void>;
  readonly tries: { made: number; refused: number; broken: number };
}

export const spineDeliverer = (workers: readonly RunnerProcess[], random: () => number): Deliverer => {
  const underWay = new Set<Promise<unknown>>();
  const tries = { made: 0, refused: 0, broken: 0 };

  const push = async (worker: RunnerProcess, { message_id, seq, data, attributes }: SpineEvent): Promise<boolean> => {
    const message = { data, attributes, messageId: message_id, publishTime: formatMicros(seq) };
    tries.made += 1;
    try {
      const response = await fetch(`${worker.origin()}/worker/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ message, subscription: 'projects/test/subscriptions/spine' }),
      });
      await response.body?.cancel();
      if (response.status !== 204) tries.refused += 1;
      return response.status === 204;
    } catch {
      // The worker died, or is not up again yet.
      tries.broken += 1;
      return false;
    }
  };

  const tryOnce = (event: SpineEvent): Promise<boolean> => {
    const worker = workers[Math.floor(random() * workers.length)];
    if (worker === undefined) throw new Error('no workers');
    const pushed = push(worker, event);
    underWay.add(pushed);
    void pushed.finally(() => underWay.delete(pushed));
    return Promise.race([pushed, sleep(acknowledgeWithinMs, false, { ref: false })]);
  };

  return {
    tries,
    async deliver(event) {
      for (let attempt = 1; !(await tryOnce(event)); attempt++) {
        if (attempt === triesMax) throw new Error(`event ${event.attributes['ce-id']} was refused ${attempt} times`);
        await sleep(backoffMs * (0.5 + random()));
      }
    },
    async quiet() {
      while (underWay.size > 0) await Promise.allSettled(underWay);
    },
  };
};
