import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cores, nodeOn } from './cores.ts';
import { type Outcome, rawClient } from './raw-client.ts';

export interface Traffic {
  origin: string;
  /** Sent in turn, as base64. */
  requests: string[];
  seconds: number;
  connectionsMax: number;
  /** Sent at this rate whatever comes back; left out: each connection asks again as soon as it is answered. */
  perSecond?: number;
}

export interface TrafficResult {
  /** By status, or by why there was no answer. */
  outcomes: Record<string, number>;
  /** From when a request was due to its answer, of those that got 200, ascending. Milliseconds. */
  timesMs: number[];
}

const tickMs = 2;
/** Answers to the last requests are waited for this long. */
const graceMs = 15_000;

/**
 * Callers who know nothing of each other (a fixed rate) or who wait for their answers. Times run from when a request was
 * due, so that a slow server is not excused by its own slowness (coordinated omission).
 */
export const generate = async ({ origin, requests, perSecond, seconds, connectionsMax }: Traffic): Promise<TrafficResult> => {
  const send = rawClient(origin, connectionsMax);
  const encoded = requests.map((text) => Buffer.from(text, 'base64'));
  const outcomes: Record<string, number> = {};
  const timesMs: number[] = [];
  const startedMs = performance.now();
  let sent = 0;
  let answered = 0;

  const ask = async (dueMs: number): Promise<Outcome> => {
    const outcome = await send(encoded[sent++ % encoded.length] as Buffer);
    answered += 1;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (outcome === 200) timesMs.push(performance.now() - dueMs);
    return outcome;
  };
  const askAgainAndAgain = async (): Promise<void> => {
    while (performance.now() < startedMs + seconds * 1000) await ask(performance.now());
  };

  if (perSecond === undefined) {
    await Promise.all(Array.from({ length: connectionsMax }, askAgainAndAgain));
  } else {
    const all = Math.round(perSecond * seconds);
    while (sent < all) {
      // The first is due at once.
      const due = Math.min(all, Math.floor(((performance.now() - startedMs) / 1000) * perSecond) + 1);
      while (sent < due) void ask(startedMs + (sent / perSecond) * 1000);
      await sleep(tickMs);
    }
    const untilMs = performance.now() + graceMs;
    while (answered < all && performance.now() < untilMs) await sleep(10);
    if (answered < all) outcomes.unanswered = all - answered;
  }
  return { outcomes, timesMs: timesMs.sort((a, b) => a - b) };
};

const asChild = 'NEXUS_BENCH_GENERATOR';

/** The same in a process of its own, so that it takes no time of who measures. @param cores it may use; left out: all */
export const generateElsewhere = (traffic: Traffic, cores?: Cores): Promise<TrafficResult> =>
  new Promise((resolve, reject) => {
    const [execPath, args] = nodeOn(cores);
    const child = fork(new URL(import.meta.url), [], { execPath, execArgv: [...args, '--import', 'tsx'], env: { ...process.env, [asChild]: '1' } });
    child.once('message', (result) => {
      resolve(result as TrafficResult);
      child.disconnect();
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the generator ended with ${code}`)));
    child.send(traffic);
  });

if (process.env[asChild] === '1')
  process.once('message', async (traffic) => {
    process.send?.(await generate(traffic as Traffic));
    // Connections that are still open would keep it alive.
    process.once('disconnect', () => process.exit(0));
  });

/** @param share 0.5 for the median, 0.99 for the 99th percentile */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
