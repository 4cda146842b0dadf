import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Hit } from '../../shared/http/query.ts';
import type { Metric } from '../../shared/http/spaces.ts';
import { type RunningRunner, startRunner } from '../runner/running-runner.ts';
import { squaredDistance } from './expected.ts';
import { random } from './random.ts';

/** Enough for a vector index. */
const documents = 2_400;
const dimension = 24;
const choice = random(17);
const anyDirection = (): number[] => Array.from({ length: dimension }, () => Math.fround(choice.next() * 2 - 1));
const vectors = Array.from({ length: documents }, anyDirection);
const queries = Array.from({ length: 30 }, anyDirection);
/** One row in 200. */
const isRare = (index: number): boolean => index % 200 === 3;

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, index) => sum + x * (b[index] ?? 0), 0);
const distances: Record<Metric, (a: readonly number[], b: readonly number[]) => number> = {
  l2: squaredDistance,
  dot: (a, b) => 1 - dot(a, b),
  cosine: (a, b) => 1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)),
};
const scores: Record<Metric, (distance: number) => number> = {
  l2: (distance) => -distance,
  dot: (distance) => 1 - distance,
  cosine: (distance) => 1 - distance,
};

const nearest = (metric: Metric, query: readonly number[], among: (index: number) => boolean): { id: string; distance: number }[] =>
  vectors
    .map((vector, index) => ({ id: `d${index}`, index, distance: distances[metric](vector, query) }))
    .filter(({ index }) => among(index))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 10);

let runner: RunningRunner;
beforeAll(async () => {
  runner = await startRunner();
}, 30_000);
afterAll(() => runner.stop());

const unindexed = async (metric: Metric): Promise<number | undefined> => {
  const { body } = await runner.call('GET', `/nexus/spaces/${metric}`);
  return body.indexes.find(({ column }: { column: string }) => column === 'vector')?.unindexed_rows;
};

describe.each(Object.keys(distances) as Metric[])('a space of metric %s that is not large, with an index', (metric) => {
  beforeAll(async () => {
    await runner.call('PUT', `/nexus/spaces/${metric}`, { metric });
    for (let from = 0; from < documents; from += 1_000)
      await runner.ingest(metric, {
        documents: vectors.slice(from, from + 1_000).map((vector, at) => ({ id: `d${from + at}`, vector, metadata: { rare: isRare(from + at) } })),
      });
  }, 60_000);

  const ask = async (vector: readonly number[], filter?: unknown): Promise<Hit[]> => {
    const { status, body } = await runner.call('POST', `/nexus/spaces/${metric}/query`, { vector, ...(filter === undefined ? {} : { filter }) });
    expect(status).toBe(200);
    return body.hits;
  };

  test('has every row in its index soon', { timeout: 60_000 }, () => expect.poll(() => unindexed(metric), { timeout: 50_000, interval: 100 }).toBe(0));

  test('gives exactly the ten nearest, with their distances and scores', { timeout: 30_000 }, async () => {
    for (const query of queries) {
      const expected = nearest(metric, query, () => true);
      const hits = await ask(query);
      expect(hits.map(({ doc_id }) => doc_id)).toEqual(expected.map(({ id }) => id));
      hits.forEach(({ distance = Number.NaN, score }, index) => {
        expect(distance).toBeCloseTo(expected[index]?.distance ?? Number.NaN, 4);
        expect(score).toBe(scores[metric](distance));
      });
    }
  });

  test('gives as many hits as were asked for with a filter that one row in 200 passes, and the nearest of them', { timeout: 30_000 }, async () => {
    for (const query of queries)
      expect((await ask(query, { rare: true })).map(({ doc_id }) => doc_id)).toEqual(nearest(metric, query, isRare).map(({ id }) => id));
  });
});
