import { limits } from '../../../shared/limits.ts';
import { retryAfterMsOf } from '../../../shared/retry.ts';
import { formatMicros } from '../../../shared/time.ts';
import type { Log } from '../../ports/log.ts';
import { fairTurns } from './fair-turns.ts';
import type { PushKey } from './push-key.ts';
import { DamagedMessageError, type SpooledFile, type SpooledMessage, type SpoolFiles } from './spool-files.ts';

export interface DelivererOptions {
  eventsUrl: string;
  deadLettersUrl: string;
  audience: string;
  /** Messages under way at once: enough that everything waiting for a space meets in one commit. */
  maxInFlight: number;
  /** Of these one tenant may have so many, so that another's first message need not wait for its last. */
  maxInFlightPerTenant: number;
  /** After this many tries a message goes to the dead letters. */
  maxAttempts: number;
  firstBackoffMs: number;
  maxBackoffMs: number;
  /** Looks for messages of other processes this often; its own arrive by `wake`. */
  pollMs: number;
  /** The worker's time for one message. */
  pushTimeoutMs: number;
}

export const defaultDelivery = {
  ...{ maxInFlight: 64, maxInFlightPerTenant: 48, maxAttempts: 40, firstBackoffMs: 100, maxBackoffMs: 10_000, pollMs: 1_000 },
  pushTimeoutMs: limits.pushTimeoutMs,
} as const;

export interface Deliverer {
  wake(): void;
  /** Takes no more messages and waits for those under way; what is not acknowledged by then is delivered again. */
  stop(): Promise<void>;
}

export interface DelivererDeps {
  files: SpoolFiles;
  key: PushKey;
  fetch: typeof fetch;
  nowMs: () => number;
  log: Log;
}

const acknowledged = new Set([102, 200, 201, 202, 204]);

/** What became of a push. `unfinished`: the worker has done a part of it and asks for the rest at once. */
type Pushed = 'acknowledged' | 'refused' | 'unfinished';

/** Delivers the spool as Pub/Sub push would: same envelope, signed, at least once, unordered, with backoff and dead letters. */
export const startDeliverer = ({ files, key, fetch, nowMs, log }: DelivererDeps, options: DelivererOptions): Deliverer => {
  const inFlight = new Map<string, { tenant: string; done: Promise<void> }>();
  /** By a clock that nobody sets: a message waits for its time, not for the time of day. */
  const notBeforeMs = new Map<string, number>();
  const toldOf = new Set<string>();
  let stopped = false;
  let looking = false;
  let lookAgain = false;

  const push = async (url: string, file: SpooledFile, message: Omit<SpooledMessage, 'sha256'>): Promise<Pushed> => {
    const publishTime = formatMicros(message.seq);
    const envelope = {
      message: {
        data: message.data,
        attributes: message.attributes,
        messageId: message.message_id,
        message_id: message.message_id,
        publishTime,
        publish_time: publishTime,
      },
      subscription: 'projects/local/subscriptions/nexus-spool',
      deliveryAttempt: file.attempts,
    };
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await key.sign(options.audience, nowMs())}` },
      body: JSON.stringify(envelope),
      signal: AbortSignal.timeout(options.pushTimeoutMs),
    });
    await response.body?.cancel();
    if (acknowledged.has(response.status)) return 'acknowledged';
    return retryAfterMsOf(response.headers.get('retry-after'), nowMs()) === 0 ? 'unfinished' : 'refused';
  };

  const tryOnce = async (url: string, file: SpooledFile, message: Omit<SpooledMessage, 'sha256'>): Promise<Pushed> => {
    try {
      return await push(url, file, message);
    } catch (error) {
      log.warn('spool.push_failed', { message_id: file.id, error: String(error) });
      return 'refused';
    }
  };

  const backOff = (file: SpooledFile): void => {
    const delayMs = Math.min(options.firstBackoffMs * 2 ** Math.min(file.attempts - 1, 20), options.maxBackoffMs);
    notBeforeMs.set(file.id, performance.now() + delayMs * (0.75 + Math.random() / 2));
    setTimeout(look, delayMs * 1.3).unref();
  };

  const countAttempt = (file: SpooledFile): Promise<SpooledFile> => files.setAttempts(file, file.attempts + 1);

  /** The dead letters see what is left, which may tell the task that ends with it. */
  const buryDamaged = async (file: SpooledFile, left: string): Promise<void> => {
    const data = Buffer.from(left).toString('base64');
    const pushed = await tryOnce(options.deadLettersUrl, file, { message_id: file.id, seq: file.seq, data, attributes: {} });
    if (pushed === 'acknowledged') await files.bury(file);
    else backOff(await countAttempt(file));
  };

  const deliver = async (waiting: SpooledFile): Promise<void> => {
    let message: SpooledMessage | undefined;
    try {
      message = await files.read(waiting);
    } catch (error) {
      // A file that cannot be read now (too many are open, the disk hangs) is not damaged: it is tried again.
      if (!(error instanceof DamagedMessageError)) throw error;
      log.error('spool.damaged_message', { message_id: waiting.id, error: String(error) });
      await buryDamaged(waiting, error.left);
      return;
    }
    if (message === undefined) return;
    const file = await countAttempt(waiting);
    const last = file.attempts > options.maxAttempts;
    const pushed = await tryOnce(last ? options.deadLettersUrl : options.eventsUrl, file, message);
    if (pushed === 'acknowledged') {
      notBeforeMs.delete(file.id);
      await (last ? files.bury(file) : files.remove(file));
    } else if (pushed === 'unfinished') {
      // No failure: it does not come nearer to the dead letters.
      await files.setAttempts(file, waiting.attempts);
    } else {
      backOff(file);
    }
  };

  const start = (file: SpooledFile): void => {
    const work = deliver(file)
      .catch((error: unknown) => {
        log.error('spool.delivery_failed', { message_id: file.id, error: String(error) });
        // Whatever it is (a folder is gone, the disk is full), it is not over at once.
        notBeforeMs.set(file.id, performance.now() + options.maxBackoffMs);
      })
      .finally(() => {
        inFlight.delete(file.id);
        look();
      });
    inFlight.set(file.id, { tenant: file.tenant, done: work });
  };

  const lookOnce = async (): Promise<void> => {
    const { files: waiting, foreign } = await files.list();
    for (const name of foreign.filter((one) => !toldOf.has(one))) {
      toldOf.add(name);
      log.warn('spool.foreign_file', { name });
    }
    const due = waiting.filter(({ id }) => !inFlight.has(id) && (notBeforeMs.get(id) ?? 0) <= performance.now());
    const underWay = [...inFlight.values()].map(({ tenant }) => tenant);
    if (!stopped) for (const file of fairTurns(due, underWay, options.maxInFlight, options.maxInFlightPerTenant)) start(file);
  };

  const look = (): void => {
    if (stopped) return;
    if (looking) {
      lookAgain = true;
      return;
    }
    looking = true;
    lookOnce()
      .catch((error: unknown) => log.error('spool.unreadable', { error: String(error) }))
      .finally(() => {
        looking = false;
        if (lookAgain) {
          lookAgain = false;
          look();
        }
      });
  };

  const poll = setInterval(look, options.pollMs);
  look();
  return {
    wake: look,
    async stop() {
      stopped = true;
      clearInterval(poll);
      await Promise.allSettled([...inFlight.values()].map(({ done }) => done));
    },
  };
};
