import { connect, type Table } from '@lancedb/lancedb';
import { partitionsSearched } from '../runner/adapters/lance/vector-index.ts';
import { limits } from '../shared/limits.ts';
import { type Figure, median } from './figures.ts';
import { ingestBodies, load, untilIndexed } from './load.ts';
import type { BenchOptions } from './main.ts';
import { type RunnerProcess, startRunnerProcess } from './runner-process.ts';
import { clusteredVectors, seeded } from './vectors.ts';

const dimension = 384;
const asked = 100;
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

const overHttp = async (runner: RunnerProcess, kind: Kind, { query, vector }: Question): Promise<void> => {
  const body = { mode: kind, ...(kind === 'vector' ? {} : { query }), ...(kind === 'text' ? {} : { vector: Array.from(vector) }) };
  const { status } = await runner.call('POST', '/nexus/spaces/latency/query', new TextEncoder().encode(JSON.stringify(body)));
  if (status !== 200) throw new Error(`query answered ${status}`);
};

const p50 = async (questions: readonly Question[], ask: (question: Question) => Promise<void>): Promise<number> => {
  const timesMs: number[] = [];
  for (const question of questions) {
    const startedMs = performance.now();
    await ask(question);
    timesMs.push(performance.now() - startedMs);
  }
  return median(timesMs);
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
      ingestBodies(all.slice(0, documents), () => anyText(40)),
    );
    await untilIndexed(runner, 'latency', quick ? ['words'] : ['words', 'vector']);
    const table = await (await connect(runner.tables)).openTable('latency');
    const bench = `query-latency ${documents.toLocaleString('en')} × ${dimension}`;
    for (const kind of ['vector', 'text', 'hybrid'] as const) {
      const http: number[] = [];
      const engine: number[] = [];
      for (let round = 0; round < (quick ? 3 : 5); round++) {
        const warm = questions.slice(0, 10);
        for (const question of warm) await Promise.all([overHttp(runner, kind, question), raw(table, kind, question)]);
        http.push(await p50(questions, (question) => overHttp(runner, kind, question)));
        engine.push(await p50(questions, (question) => raw(table, kind, question)));
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
