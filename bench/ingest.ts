import type { Figure } from './figures.ts';
import { quantile } from './generator.ts';
import type { BenchOptions } from './main.ts';
import { cpuMs } from './process-figures.ts';
import { type RunnerProcess, startRunnerProcess } from './runner-process.ts';
import { seeded } from './vectors.ts';

const callers = 16;
const manySpaces = 100;

const encode = (body: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(body));
const next = seeded(11);
const words = (count: number): string => Array.from({ length: count }, () => `w${Math.floor(4_000 * next() ** 3).toString(36)}x`).join(' ');

/** One note of two hundred words, under a name of its own. @returns its task */
const ingest = async (runner: RunnerProcess, space: string, id: string): Promise<string> => {
  const { status, body } = await runner.call('POST', `/nexus/spaces/${space}/ingest`, encode({ documents: [{ id, text: words(200) }] }));
  if (status !== 202) throw new Error(`ingest answered ${status}: ${JSON.stringify(body)}`);
  return body.task_id;
};

/** Asks by `after_task`, as callers do, until the answer sees the task. */
const untilQueryable = async (runner: RunnerProcess, space: string, task: string): Promise<void> => {
  for (;;) {
    const { status, body } = await runner.call('POST', `/nexus/spaces/${space}/query`, encode({ query: 'w1x', mode: 'text', limit: 1, after_task: task }));
    if (status === 200) return;
    if (body.error?.code !== 'nexus.not_yet_visible') throw new Error(`query answered ${status}: ${JSON.stringify(body)}`);
  }
};

interface Measured {
  /** From the 202 to an answer that sees the task, ascending. */
  queryableMs: number[];
  /** Requests accepted and seen, a second. */
  perSecond: number;
  /** Of the runner, a request. */
  cpuMs: number;
}

/** So many callers at once, of whom each waits until what it has put in is found. */
const measure = async (runner: RunnerProcess, requests: number, atOnce: number, spaceOf: (index: number) => string): Promise<Measured> => {
  const queryableMs: number[] = [];
  const startedMs = performance.now();
  const cpuBeforeMs = cpuMs(runner.pid);
  let index = 0;
  const caller = async (): Promise<void> => {
    for (let mine = index++; mine < requests; mine = index++) {
      const space = spaceOf(mine);
      const task = await ingest(runner, space, `n${mine}`);
      const acceptedMs = performance.now();
      await untilQueryable(runner, space, task);
      queryableMs.push(performance.now() - acceptedMs);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
  const perSecond = requests / ((performance.now() - startedMs) / 1000);
  return { queryableMs: queryableMs.sort((a, b) => a - b), perSecond, cpuMs: (cpuMs(runner.pid) - cpuBeforeMs) / requests };
};

/** Callers who only put in. @returns accepted and published a second */
const flood = async (runner: RunnerProcess, requests: number): Promise<{ accepted: number; published: number }> => {
  const startedMs = performance.now();
  const tasks: string[] = [];
  let index = 0;
  const caller = async (): Promise<void> => {
    for (let mine = index++; mine < requests; mine = index++) tasks.push(await ingest(runner, 'flood', `f${mine}`));
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const accepted = requests / ((performance.now() - startedMs) / 1000);
  for (const task of tasks) await runner.task(task);
  return { accepted, published: requests / ((performance.now() - startedMs) / 1000) };
};

/** Small ingests, one document a request: how many are taken, and how long until a query finds them. */
export const smallIngest = async ({ quick }: BenchOptions): Promise<Figure[]> => {
  const figures: Figure[] = [];
  const runner = await startRunnerProcess();
  try {
    await measure(runner, 10, 1, () => 'warm');
    const cases: [bench: string, atOnce: number, requests: number, spaceOf: (index: number) => string][] = [
      ['ingest calm, one caller, one space', 1, quick ? 40 : 200, () => 'calm'],
      [`ingest load, ${callers} callers, one space`, callers, quick ? 200 : 2_000, () => 'one'],
      [`ingest load, ${callers} callers, ${manySpaces} spaces`, callers, quick ? 200 : 2_000, (index) => `many${index % manySpaces}`],
    ];
    for (const [bench, atOnce, requests, spaceOf] of cases) {
      const { queryableMs, perSecond, cpuMs: cpu } = await measure(runner, requests, atOnce, spaceOf);
      figures.push(
        { bench, what: 'accepted → queryable, p50', unit: 'ms', rounds: [quantile(queryableMs, 0.5)] },
        { bench, what: 'accepted → queryable, p99', unit: 'ms', rounds: [quantile(queryableMs, 0.99)] },
        { bench, what: 'accepted and found', unit: 'requests/s', rounds: [perSecond] },
        { bench, what: "the runner's CPU of a request and its query", unit: 'ms', rounds: [cpu] },
      );
    }
    const { accepted, published } = await flood(runner, quick ? 300 : 3_000);
    const bench = `ingest flood, ${callers} callers, one space`;
    figures.push({ bench, what: 'accepted', unit: 'requests/s', rounds: [accepted] }, { bench, what: 'published', unit: 'requests/s', rounds: [published] });
  } finally {
    await runner.stop();
  }
  return figures;
};
