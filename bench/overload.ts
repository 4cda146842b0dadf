import { coresApart } from './cores.ts';
import type { Figure } from './figures.ts';
import { generateElsewhere, quantile, type Traffic } from './generator.ts';
import { ingestBodies, load, untilIndexed } from './load.ts';
import type { BenchOptions } from './main.ts';
import { cpuMs, residentMiB } from './process-figures.ts';
import { rawRequest } from './raw-client.ts';
import { type RunnerProcess, startRunnerProcess } from './runner-process.ts';
import { clusteredVectors } from './vectors.ts';

const dimension = 384;
const documents = 10_000;
const askers = 16;
const overload = 10;
const floodConnections = 2_000;
const light = 't_light';
const flood = 't_flood';
/** A light tenant takes a twentieth of what there is, where that is not too few to have a 99th percentile. */
const lightRate = (capacity: number): number => Math.max(2, Math.min(20, capacity / 20));
/** Grants live for a minute; these are dated ahead, so that they last as long as a flood of that length. */
const aheadMs = 55_000;

const tell = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

const queries = (runner: RunnerProcess, tenant: string, vectors: readonly Float32Array[]): Promise<string[]> =>
  Promise.all(
    vectors.map(async (vector) => {
      const path = '/nexus/spaces/overload/query';
      const body = tell({ vector: Array.from(vector) });
      const headers = await runner.headers('POST', path, body, tenant, Date.now() + aheadMs);
      return Buffer.from(rawRequest(runner.origin, 'POST', path, headers, body)).toString('base64');
    }),
  );

/** Looks at the process's memory twice a second. @returns the most that was seen */
const watchMemory = (pid: number): (() => number) => {
  let mostMiB = residentMiB(pid);
  const timer = setInterval(() => {
    mostMiB = Math.max(mostMiB, residentMiB(pid));
  }, 500);
  return () => {
    clearInterval(timer);
    return mostMiB;
  };
};

/**
 * One tenant sends ten times what the runner can do, at a fixed rate, while another asks a few questions. The runner is
 * addressed directly; who asks are processes of their own, on a core of their own where the system can do that, in every
 * phase alike.
 */
export const overloaded = async ({ quick }: BenchOptions): Promise<Figure[]> => {
  const seconds = quick ? 10 : 60;
  const all = clusteredVectors(documents + 64, dimension, 5);
  const apart = coresApart();
  const runner = await startRunnerProcess([], {}, undefined, apart?.answerer);
  try {
    for (const tenant of [light, flood]) {
      await load(runner, 'overload', ingestBodies(all.slice(0, documents)), tenant);
      await untilIndexed(runner, 'overload', ['vector'], tenant);
    }
    const vectors = all.slice(documents);
    const asked = async (tenant: string, more: Partial<Traffic>): Promise<Traffic> => ({
      origin: runner.origin,
      requests: await queries(runner, tenant, vectors),
      seconds,
      connectionsMax: askers,
      ...more,
    });

    const send = (traffic: Traffic) => generateElsewhere(traffic, apart?.askers);

    await send(await asked(flood, { seconds: 3 }));
    const cpuBeforeMs = cpuMs(runner.pid);
    const saturated = await send(await asked(flood, { seconds: quick ? 5 : 20 }));
    const capacity = saturated.timesMs.length / (quick ? 5 : 20);
    const cpuOfAnswerMs = (cpuMs(runner.pid) - cpuBeforeMs) / saturated.timesMs.length;
    const lightPerSecond = lightRate(capacity);
    const calm = await send(await asked(light, { perSecond: lightPerSecond, seconds: quick ? 5 : 20, connectionsMax: 100 }));
    const beforeMiB = residentMiB(runner.pid);

    const cpuBeforeFloodMs = cpuMs(runner.pid);
    const memory = watchMemory(runner.pid);
    const [flooded, among] = await Promise.all([
      send(await asked(flood, { perSecond: capacity * overload, connectionsMax: floodConnections })),
      send(await asked(light, { perSecond: lightPerSecond, connectionsMax: 100 })),
    ]);
    const mostMiB = memory();

    const where = apart === undefined ? 'all cores shared' : `runner on core ${apart.answerer}, callers on core ${apart.askers}`;
    const bench = `overload ${overload} × capacity, ${seconds} s, ${documents.toLocaleString('en')} × ${dimension}, ${where}`;
    const figure = (what: string, unit: string, value: number): Figure => ({ bench, what, unit, rounds: [value] });
    const goodput = flooded.timesMs.length / seconds;
    const calmP99 = quantile(calm.timesMs, 0.99);
    const amongP99 = quantile(among.timesMs, 0.99);
    const answers = flooded.timesMs.length + among.timesMs.length;
    const cpuOfRefusalMs =
      (cpuMs(runner.pid) - cpuBeforeFloodMs - answers * cpuOfAnswerMs) / Math.max(1, capacity * overload * seconds - flooded.timesMs.length);
    const refusals = Object.entries(flooded.outcomes).filter(([outcome]) => outcome !== '200');
    return [
      figure(`capacity (${askers} callers, each waits for its answer)`, 'answers/s', capacity),
      figure('CPU of an answer', 'ms', cpuOfAnswerMs),
      figure('CPU of a refusal', 'ms', cpuOfRefusalMs),
      figure('offered', 'requests/s', capacity * overload),
      figure('goodput of the flood', 'answers/s', goodput),
      figure('goodput ÷ capacity', '×', goodput / capacity),
      ...refusals.map(([outcome, count]) => figure(`the flood got ${outcome}`, 'requests', count)),
      figure('light tenant alone, p99', 'ms', calmP99),
      figure('light tenant in the flood, p99', 'ms', amongP99),
      figure('light tenant: flood ÷ alone', '×', amongP99 / calmP99),
      figure('light tenant: answered 200', '', (among.outcomes[200] ?? 0) / Math.round(lightPerSecond * seconds)),
      figure('resident before the flood', 'MiB', beforeMiB),
      figure('resident in the flood, most', 'MiB', mostMiB),
    ];
  } finally {
    await runner.stop();
  }
};
