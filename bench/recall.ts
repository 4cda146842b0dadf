import { join } from 'node:path';
import { connect } from '@lancedb/lancedb';
import type { Metric } from '../shared/http/spaces.ts';
import { type Figure, median } from './figures.ts';
import { ingestBodies, load, untilIndexed } from './load.ts';
import type { BenchOptions } from './main.ts';
import { type RunnerProcess, startRunnerProcess } from './runner-process.ts';
import { clusteredVectors, readFvecs, readIvecs } from './vectors.ts';

interface Collection {
  name: string;
  metric: Metric;
  base: Float32Array[];
  queries: Float32Array[];
  /** Rows of the nearest, nearest first; undefined: asked of the engine without its index. */
  truth?: number[][];
  isIndexed: boolean;
}

const deep = 10;

const stored = (folder: string, name: string, metric: Metric): Collection => ({
  name,
  metric,
  base: readFvecs(join(folder, name, 'base.fvecs')),
  queries: readFvecs(join(folder, name, 'query.fvecs')),
  truth: readIvecs(join(folder, name, 'groundtruth.ivecs')),
  isIndexed: false,
});

const generated = (count: number): Collection => {
  const all = clusteredVectors(count + 100, 384, 2);
  return { name: `clustered ${count.toLocaleString('en')} × 384`, metric: 'cosine', base: all.slice(0, count), queries: all.slice(count), isIndexed: true };
};

const exactRows = async (runner: RunnerProcess, space: string, { queries, metric }: Collection, where?: string): Promise<number[][]> => {
  const table = await (await connect(runner.tables)).openTable(space);
  const truth: number[][] = [];
  for (const query of queries) {
    let search = table.query().nearestTo(query).distanceType(metric).bypassVectorIndex().select(['doc_id', '_distance']).limit(deep);
    if (where !== undefined) search = search.where(where);
    truth.push((await search.toArray()).map(({ doc_id }) => Number(String(doc_id).slice(1))));
  }
  return truth;
};

interface Measured {
  recall: number;
  p50Ms: number;
  /** Hits of the query that got fewest. */
  fewest: number;
}

const measure = async (
  runner: RunnerProcess,
  space: string,
  queries: readonly Float32Array[],
  truth: readonly number[][],
  extra: object,
): Promise<Measured> => {
  const bodies = queries.map((query) => new TextEncoder().encode(JSON.stringify({ vector: Array.from(query), select: [], ...extra })));
  const timesMs: number[] = [];
  let found = 0;
  let fewest = Number.POSITIVE_INFINITY;
  for (const body of bodies.slice(0, 10)) await runner.call('POST', `/nexus/spaces/${space}/query`, body);
  for (const [index, body] of bodies.entries()) {
    const startedMs = performance.now();
    const answer = await runner.call('POST', `/nexus/spaces/${space}/query`, body);
    timesMs.push(performance.now() - startedMs);
    if (answer.status !== 200) throw new Error(`query answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    const rows = new Set((answer.body.hits as { doc_id: string }[]).slice(0, deep).map(({ doc_id }) => Number(doc_id.slice(1))));
    found += (truth[index] ?? []).slice(0, deep).filter((row) => rows.has(row)).length;
    fewest = Math.min(fewest, answer.body.hits.length);
  }
  return { recall: found / (queries.length * deep), p50Ms: median(timesMs), fewest };
};

/** Shares of rows that a filter lets through, of the 1,000 values of `pick`. */
const shares = [1, 10, 100, 500];

const ofCollection = async (collection: Collection): Promise<Figure[]> => {
  const { name, metric, base, queries, isIndexed } = collection;
  const bench = `recall ${name}`;
  const figures: Figure[] = [];
  const figure = (what: string, unit: string, value: number) => figures.push({ bench, what, unit, rounds: [value] });
  const runner = await startRunnerProcess();
  try {
    await runner.call('PUT', '/nexus/spaces/recall', new TextEncoder().encode(JSON.stringify({ metric })));
    await load(runner, 'recall', ingestBodies(base));
    if (isIndexed) {
      const startedMs = performance.now();
      await untilIndexed(runner, 'recall', ['vector']);
      figure('index ready after the last document', 's', (performance.now() - startedMs) / 1000);
    }
    const whole = await measure(runner, 'recall', queries, collection.truth ?? (await exactRows(runner, 'recall', collection)), {});
    figure('recall@10', '', whole.recall);
    figure('query p50', 'ms', whole.p50Ms);
    for (const share of isIndexed ? shares : []) {
      const filtered = await measure(runner, 'recall', queries, await exactRows(runner, 'recall', collection, `m_pick < ${share}`), {
        filter: { pick: { lt: share } },
        limit: 100,
      });
      figure(`filter ${share / 10} %: recall@10`, '', filtered.recall);
      figure(`filter ${share / 10} %: query p50, limit 100`, 'ms', filtered.p50Ms);
      figure(`filter ${share / 10} %: fewest hits of 100`, 'hits', filtered.fewest);
    }
  } finally {
    await runner.stop();
  }
  return figures;
};

/** Recall@10 and latency through the HTTP API: exact while a space is small, by the index that maintenance builds when it is large. */
export const recall = async ({ quick, vectors }: BenchOptions): Promise<Figure[]> => {
  const collections = [
    ...(vectors === undefined ? [] : [() => stored(vectors, 'sift5k', 'l2'), () => stored(vectors, 'glove_twitter_25d', 'cosine')]),
    () => generated(quick ? 32_000 : 100_000),
  ];
  const figures: Figure[] = [];
  for (const collection of collections) figures.push(...(await ofCollection(collection())));
  return figures;
};
