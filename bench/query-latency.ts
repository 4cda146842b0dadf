import { connect, type Table } from '@lancedb/lancedb';
import { partitionsSearched } from '../runner/adapters/lance/vector-index.ts';
import { limits } from '../shared/limits.ts';
import { type Figure, median } from './figures.ts';
import { ingestBodies, load, untilIndexed } from './load.ts';
import type { BenchOptions } from './main.ts';
import { rawClient, rawRequest } from './raw-client.ts';
import { type RunnerProcess, startRunnerProcess } from './runner-process.ts';
import { clusteredVectors, seeded } from './vectors.ts';

const dimension = 384;
const asked = 100;
const warmRounds = 3;
const depth = limits.rawListDepth;
const page = ['doc_id', 'chunk', 'type', 'seq', 'source_uri', 'page', 'start', 'end', 'text', 'metadata'];

const next = seeded(3);
const vocabulary = Array.from({ length: 5_000 }, (_, index) => `w${index.toString(36)}x`);
/** Few words are frequent and most are rare, as in any language. */
const anyWord = (): string => vocabulary[Math.floor(vocabulary.length * next() ** 3)] ?? '';
const anyText = (words: number): string => Array.from({ length: words }, anyWord).join(' ');

interface Question {
  query: string;
  vector: Float32Array;
}
type Send = ReturnType<typeof rawClient>;
type Kind = 'vector' | 'text' | 'hybrid';

const rowIds = (found: unknown): bigint[] => Array.from((found as { getChild(name: string): { toArray(): Iterable<bigint> } }).getChild('_rowid').toArray());

/** What the engine does for a query, called in this process: the same lists at the same depth, and the columns of a page of ten. */
const raw = async (table: Table, kind: Kind, { query, vector }: Question): Promise<void> => {
  const lists: Promise<unknown>[] = [];
  if (kind !== 'text') {
    const search = table.query().nearestTo(vector).distanceType('cosine').maximumNprobes(0).minimumNprobes(partitionsSearched);
    lists.push(search.select(['id', '_distance']).withRowId().limit(depth).toArrow());
  }
  if (kind !== 'vector')
    lists.push(
      table
        .query()
        .fullTextSearch(query, { columns: ['words'] })
        .select(['id', '_score'])
        .withRowId()
        .limit(depth + 1)
        .toArrow(),
    );
  const [first] = await Promise.all(lists);
  const ids = rowIds(first).slice(0, limits.defaultLimit);
  if (ids.length > 0) await table.takeRowIds(ids).select(page).withRowId().toArrow();
};

/** The request as bytes: what a caller's own client costs is not what is measured. */
const requestOf = async (runner: RunnerProcess, kind: Kind, { query, vector }: Question): Promise<Uint8Array> => {
  const path = '/nexus/spaces/latency/query';
  const fields = { mode: kind, ...(kind === 'vector' ? {} : { query }), ...(kind === 'text' ? {} : { vector: Array.from(vector) }) };
  const body = new TextEncoder().encode(JSON.stringify(fields));
  return rawRequest(runner.origin, 'POST', path, await runner.headers('POST', path, body), body);
};

/** One after another, in turns, so that both sides see the same machine. @returns medians in milliseconds */
const inTurns = async (requests: readonly Uint8Array[], questions: readonly Question[], kind: Kind, table: Table, send: Send): Promise<[number, number]> => {
  const http: number[] = [];
  const engine: number[] = [];
  for (const [index, request] of requests.entries()) {
    const startedMs = performance.now();
    const outcome = await send(request);
    const answeredMs = performance.now();
    if (outcome !== 200) throw new Error(`query answered ${outcome}`);
    await raw(table, kind, questions[index] as Question);
    http.push(answeredMs - startedMs);
    engine.push(performance.now() - answeredMs);
  }
  return [median(http), median(engine)];
};

/** A warm query over HTTP beside the engine called in process, on the same table, in turns. */
export const queryLatency = async ({ quick }: BenchOptions): Promise<Figure[]> => {
  const documents = quick ? 10_000 : 100_000;
  const all = clusteredVectors(documents + asked, dimension, 4);
  const questions = all.slice(documents).map((vector): Question => ({ vector, query: anyText(3) }));
  const runner = await startRunnerProcess();
  const figures: Figure[] = [];
  try {
    await load(
      runner,
      'latency',
      ingestBodies(all.slice(0, documents), () => anyText(20 + Math.floor(next() * 41))),
    );
    await untilIndexed(runner, 'latency', ['words', 'vector']);
    const table = await (await connect(runner.tables)).openTable('latency');
    const bench = `query-latency ${documents.toLocaleString('en')} × ${dimension}`;
    const send = rawClient(runner.origin, 1);
    for (const kind of ['vector', 'text', 'hybrid'] as const) {
      const http: number[] = [];
      const engine: number[] = [];
      // The first rounds warm both: caches of the engine, and the code of Node that is compiled as it is used.
      for (let round = -warmRounds; round < (quick ? 3 : 5); round++) {
        const requests = await Promise.all(questions.map((question) => requestOf(runner, kind, question)));
        const [overHttp, inProcess] = await inTurns(requests, questions, kind, table, send);
        if (round < 0) continue;
        http.push(overHttp);
        engine.push(inProcess);
      }
      figures.push({ bench, what: `${kind} over HTTP, p50`, unit: 'ms', rounds: http });
      figures.push({ bench, what: `${kind} by the engine in process, p50`, unit: 'ms', rounds: engine });
      figures.push({ bench, what: `${kind}: HTTP ÷ engine`, unit: '×', rounds: http.map((time, round) => time / (engine[round] ?? Number.NaN)) });
    }
  } finally {
    await runner.stop();
  }
  return figures;
};
