import { connect, Session, type Table } from '@lancedb/lancedb';
import { fieldColumn } from '../runner/adapters/lance/columns.ts';
import { askEngine, type Kind } from './ask-engine.ts';
import { type Figure, median } from './figures.ts';
import { indexedAt, ingestBodies, load, untilIndexed } from './load.ts';
import type { BenchOptions } from './main.ts';
import { rawClient, rawRequest } from './raw-client.ts';
import { type RunnerProcess, startRunnerProcess } from './runner-process.ts';
import { clusteredVectors, seeded } from './vectors.ts';

const dimension = 384;
const asked = 100;
const warmRounds = 3;
/** As many rows of a thousand pass the filter: a tenth. */
const passing = 100;
const MiB = 2 ** 20;

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
interface Way {
  kind: Kind;
  isFiltered: boolean;
}
const ways: readonly Way[] = (['vector', 'text', 'hybrid'] as const).flatMap((kind) => [false, true].map((isFiltered) => ({ kind, isFiltered })));

/** The request as bytes: what a caller's own client costs is not what is measured. */
const requestOf = async (runner: RunnerProcess, { kind, isFiltered }: Way, { query, vector }: Question): Promise<Uint8Array> => {
  const path = '/nexus/spaces/latency/query';
  const fields = { mode: kind, ...(kind === 'vector' ? {} : { query }), ...(kind === 'text' ? {} : { vector: Array.from(vector) }) };
  const filter = isFiltered ? { filter: { pick: { lt: passing } } } : {};
  const body = new TextEncoder().encode(JSON.stringify({ ...fields, ...filter }));
  return rawRequest(runner.origin, 'POST', path, await runner.headers('POST', path, body), body);
};

/** One after another, in turns, so that both sides see the same machine. @returns medians in milliseconds */
const inTurns = async (requests: readonly Uint8Array[], questions: readonly Question[], way: Way, table: Table, send: Send): Promise<[number, number]> => {
  const http: number[] = [];
  const engine: number[] = [];
  const where = way.isFiltered ? `${fieldColumn('pick')} < ${passing}` : undefined;
  for (const [index, request] of requests.entries()) {
    const { query, vector } = questions[index] as Question;
    const startedMs = performance.now();
    const outcome = await send(request);
    const answeredMs = performance.now();
    if (outcome !== 200) throw new Error(`query answered ${outcome}`);
    // As fresh as a strong query, which looks for a newer version each time.
    await table.checkoutLatest();
    await askEngine(table, way.kind, query, vector, where);
    http.push(answeredMs - startedMs);
    engine.push(performance.now() - answeredMs);
  }
  return [median(http), median(engine)];
};

const ofSize = async (documents: number, rounds: number): Promise<Figure[]> => {
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
    await untilIndexed(runner, 'latency', indexedAt(documents));
    // Caches as large as the runner's.
    const session = new Session(BigInt(256 * MiB), BigInt(128 * MiB));
    const table = await (await connect(runner.tables, {}, session)).openTable('latency');
    const bench = `query-latency ${documents.toLocaleString('en')} × ${dimension}`;
    const send = rawClient(runner.origin, 1);
    for (const way of ways) {
      const http: number[] = [];
      const engine: number[] = [];
      // The first rounds warm both: caches of the engine, and the code of Node that is compiled as it is used.
      for (let round = -warmRounds; round < rounds; round++) {
        const requests = await Promise.all(questions.map((question) => requestOf(runner, way, question)));
        const [overHttp, inProcess] = await inTurns(requests, questions, way, table, send);
        if (round < 0) continue;
        http.push(overHttp);
        engine.push(inProcess);
      }
      const what = way.isFiltered ? `${way.kind}, filtered to a tenth` : way.kind;
      figures.push({ bench, what: `${what} over HTTP, p50`, unit: 'ms', rounds: http });
      figures.push({ bench, what: `${what} by the engine in process, p50`, unit: 'ms', rounds: engine });
      figures.push({ bench, what: `${what}: HTTP ÷ engine`, unit: '×', rounds: http.map((time, round) => time / (engine[round] ?? Number.NaN)) });
    }
  } finally {
    await runner.stop();
  }
  return figures;
};

/** A warm strong query over HTTP beside the engine called in process, as deep and as fresh, on the same table, in turns. */
export const queryLatency = async ({ quick, rows }: BenchOptions): Promise<Figure[]> => {
  const figures: Figure[] = [];
  for (const size of rows === undefined ? (quick ? [10_000] : [1_000, 10_000, 100_000]) : [rows]) figures.push(...(await ofSize(size, quick ? 3 : 5)));
  return figures;
};
