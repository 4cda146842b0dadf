import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { linearRegression, mean } from 'simple-statistics';
import type { Figure } from './figures.ts';
import { quantile } from './generator.ts';
import type { BenchOptions } from './main.ts';
import { pictureOf } from './picture.ts';
import { openHandles, residentMiB } from './process-figures.ts';
import { type RunnerProcess, startRunnerProcess } from './runner-process.ts';
import { soakTraffic } from './soak-traffic.ts';

const sampleEveryMs = 5_000;
const inFlightMax = 200;
/** As the image sets it: what the allocator keeps for threads that are done is not the runner's. */
const environment = { MALLOC_ARENA_MAX: '2' };

interface Sample {
  atMin: number;
  residentMiB: number;
  heapMiB: number;
  handles: number;
}

/** The processes that read documents come and go, and count as the runner. */
const treeOf = (pid: number): number[] => {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const children = threads.flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number));
    return [pid, ...children.flatMap(treeOf)];
  } catch {
    return [pid];
  }
};

const heapMiB = async ({ origin }: RunnerProcess): Promise<number> => {
  const text = await (await fetch(`${origin}/metrics`)).text();
  return Number(/^process_heap_bytes(?:\{.*\})? (\S+)/m.exec(text)?.[1] ?? Number.NaN) / 2 ** 20;
};

/** Looks every few seconds. @returns what ends it and gives all that was seen */
const watch = (runner: RunnerProcess): (() => Promise<Sample[]>) => {
  const samples: Sample[] = [];
  const stopped = new AbortController();
  const startedMs = performance.now();
  const looking = (async () => {
    while (!stopped.signal.aborted) {
      const atMin = (performance.now() - startedMs) / 60_000;
      const resident = treeOf(runner.pid).reduce((sum, pid) => sum + (residentMiB(pid) || 0), 0);
      samples.push({ atMin, residentMiB: resident, heapMiB: await heapMiB(runner), handles: openHandles(runner.pid) });
      await sleep(sampleEveryMs, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  })();
  return async () => {
    stopped.abort();
    await looking;
    return samples;
  };
};

/** Of the last two thirds, the first being the warm-up: the mean of each, and by how much it grows. */
const settled = (bench: string, samples: readonly Sample[], name: string, unit: string, of: (sample: Sample) => number): Figure[] => {
  const third = Math.floor(samples.length / 3);
  const [middle, last] = [samples.slice(third, 2 * third), samples.slice(2 * third)].map((part) => mean(part.map(of))) as [number, number];
  const { m } = linearRegression(samples.slice(third).map((sample) => [sample.atMin / 60, of(sample)]));
  return [
    { bench, what: `${name}, middle third`, unit, rounds: [middle] },
    { bench, what: `${name}, last third`, unit, rounds: [last] },
    { bench, what: `${name}, last ÷ middle third`, unit: '×', rounds: [last / middle] },
    { bench, what: `${name}, slope after the first third`, unit: `${unit}/h`, rounds: [m] },
  ];
};

/**
 * Mixed load at a fixed rate for as long as asked: whether memory and handles stay as they are. A 4xx or 5xx that the mix
 * does not provoke is counted.
 */
export const soak = async ({ minutes = 2, rate = 20, picture }: BenchOptions): Promise<Figure[]> => {
  const runner = await startRunnerProcess([], environment);
  try {
    const traffic = soakTraffic(runner);
    await traffic.fill();
    const outcomes = new Map<string, number>();
    const timesMs: number[] = [];
    const count = (outcome: string): void => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    const underWay = new Set<Promise<void>>();
    const step = async (dueMs: number): Promise<void> => {
      const { kind, status } = await traffic.step();
      timesMs.push(performance.now() - dueMs);
      count(status === 200 || status === 202 ? 'answered' : `${kind}: ${status === 0 ? 'no answer' : status}`);
    };

    const samplesOf = watch(runner);
    const startedMs = performance.now();
    const all = Math.round(minutes * 60 * rate);
    for (let sent = 0; sent < all; sent++) {
      const dueMs = startedMs + (sent / rate) * 1000;
      await sleep(Math.max(0, dueMs - performance.now()));
      if (underWay.size >= inFlightMax) {
        count('not sent: too many wait');
        continue;
      }
      const one = step(dueMs).finally(() => underWay.delete(one));
      underWay.add(one);
    }
    await Promise.all(underWay);
    const samples = await samplesOf();

    if (picture !== undefined) {
      const line = (name: string, unit: string, colour: string, of: (sample: Sample) => number) => ({ name, unit, colour, values: samples.map(of) });
      const [memory, handles] = [
        line('resident memory', 'MiB', '#1a5fb4', (sample) => sample.residentMiB),
        line('open handles', 'number', '#c64600', (sample) => sample.handles),
      ];
      const title = `Memory and open handles of a runner over ${minutes} minutes of mixed load, ${rate} requests a second`;
      writeFileSync(
        picture,
        pictureOf(
          title,
          samples.map(({ atMin }) => atMin),
          memory,
          handles,
        ),
      );
    }
    timesMs.sort((a, b) => a - b);
    const bench = `soak ${minutes} min, ${rate} requests/s`;
    return [
      ...[...outcomes].map(([outcome, times]): Figure => ({ bench, what: outcome, unit: 'requests', rounds: [times] })),
      { bench, what: 'p50 of all', unit: 'ms', rounds: [quantile(timesMs, 0.5)] },
      { bench, what: 'p99 of all', unit: 'ms', rounds: [quantile(timesMs, 0.99)] },
      ...settled(bench, samples, 'resident memory', 'MiB', (sample) => sample.residentMiB),
      ...settled(bench, samples, 'heap', 'MiB', (sample) => sample.heapMiB),
      ...settled(bench, samples, 'open handles', '', (sample) => sample.handles),
    ];
  } finally {
    await runner.stop();
  }
};
