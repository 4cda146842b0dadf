import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from './figures.ts';
import { quantile } from './generator.ts';
import type { BenchOptions } from './main.ts';
import { openHandles, peakMiB, residentMiB } from './process-figures.ts';
import { type RunnerProcess, startRunnerProcess } from './runner-process.ts';
import { clusteredVectors, seeded } from './vectors.ts';

const dimension = 64;
const documentsOfSpace = 5;
const callers = 8;
/** What a small instance would give it: JavaScript's heap, and glibc's arenas as in the image. */
const nodeOptions = ['--max-old-space-size=256'];
const environment = { MALLOC_ARENA_MAX: '2' };

const encode = (body: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(body));
const tenantOf = (index: number): string => `t_${index.toString().padStart(6, '0')}`;

/** So many callers at once, each the next number, until all are done. */
const each = async (count: number, work: (index: number) => Promise<void>): Promise<void> => {
  let next = 0;
  const caller = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: callers }, caller));
};

/** Zipf's law with exponent 1: the space of rank r is asked 1/r as often as the first (by inversion of the sums). */
const zipf = (count: number, next: () => number): (() => number) => {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    sum += 1 / (rank + 1);
    sums[rank] = sum;
  }
  return () => {
    const wanted = next() * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
};

const create = async (runner: RunnerProcess, tenant: string, vectors: readonly Float32Array[]): Promise<void> => {
  const documents = vectors.map((vector, index) => ({ id: `d${index}`, text: `a note of ${tenant}, number ${index}`, vector: Array.from(vector) }));
  const { status, body } = await runner.call('POST', '/nexus/spaces/notes/ingest', encode({ documents }), tenant);
  if (status !== 202) throw new Error(`ingest answered ${status}: ${JSON.stringify(body)}`);
  await runner.task(body.task_id, tenant);
};

/** @returns milliseconds, ascending. @throws when an answer is another tenant's or none */
const askAll = async (runner: RunnerProcess, count: number, asked: number, vectors: readonly Float32Array[]): Promise<number[]> => {
  const any = zipf(count, seeded(9));
  const timesMs: number[] = [];
  await each(asked, async (index) => {
    const tenant = tenantOf(any());
    const body = encode({ vector: Array.from(vectors[index % vectors.length] as Float32Array), limit: documentsOfSpace });
    const startedMs = performance.now();
    const answer = await runner.call('POST', '/nexus/spaces/notes/query', body, tenant);
    timesMs.push(performance.now() - startedMs);
    const isOwn = answer.status === 200 && answer.body.hits.length === documentsOfSpace;
    if (!isOwn || !answer.body.hits.every(({ text }: { text: string }) => text.includes(tenant)))
      throw new Error(`${tenant} got ${JSON.stringify(answer.body)}`);
  });
  return timesMs.sort((a, b) => a - b);
};

/** Many small tenants through one runner: what it takes to have them, to have them idle, and to answer for all of them. */
export const tenants = async ({ quick, tenants: wanted }: BenchOptions): Promise<Figure[]> => {
  const count = wanted ?? (quick ? 300 : 10_000);
  const asked = Math.min(20_000, 4 * count);
  const vectors = clusteredVectors(500, dimension, 8);
  const folder = mkdtempSync(join(tmpdir(), 'nexus-bench-'));
  const bench = `tenants ${count.toLocaleString('en')}, a space of ${documentsOfSpace} × ${dimension} each`;
  const figures: Figure[] = [];
  const figure = (what: string, unit: string, value: number): void => void figures.push({ bench, what, unit, rounds: [value] });
  try {
    const writer = await startRunnerProcess(nodeOptions, environment, folder);
    const emptyMiB = residentMiB(writer.pid);
    try {
      const startedMs = performance.now();
      await each(count, (index) => create(writer, tenantOf(index), vectors.slice((index * documentsOfSpace) % 400).slice(0, documentsOfSpace)));
      figure('created, from request to published', 'spaces/s', count / ((performance.now() - startedMs) / 1000));
      figure('resident after creating', 'MiB', residentMiB(writer.pid));
      figure('open handles after creating', '', openHandles(writer.pid));
    } finally {
      await writer.stop();
    }
    const reader = await startRunnerProcess(nodeOptions, environment, folder);
    try {
      const idleMiB = residentMiB(reader.pid);
      figure('resident of a fresh runner without any space', 'MiB', emptyMiB);
      figure('resident of a fresh runner, all idle', 'MiB', idleMiB);
      const timesMs = await askAll(reader, count, asked, vectors);
      figure(`resident after ${asked.toLocaleString('en')} queries by Zipf's law`, 'MiB', residentMiB(reader.pid));
      figure('most memory while asked', 'MiB', peakMiB(reader.pid));
      figure('open handles after the queries', '', openHandles(reader.pid));
      figure(`query p50, ${callers} callers`, 'ms', quantile(timesMs, 0.5));
      figure(`query p99, ${callers} callers`, 'ms', quantile(timesMs, 0.99));
    } finally {
      await reader.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return figures;
};
