import { connect, Session, type Table } from '@lancedb/lancedb';
import { hopsOf } from '../test/fakes/object-store/request-log.ts';
import { type Door, objectStore, serveObjects } from '../test/fakes/object-store/serve.ts';
import { askEngine } from './ask-engine.ts';
import type { Figure } from './figures.ts';
import { indexedAt, ingestBodies, load, untilIndexed } from './load.ts';
import type { BenchOptions } from './main.ts';
import { engineOptions, onObjectStore, tablesUri } from './on-object-store.ts';
import { type RunnerProcess, startRunnerProcess } from './runner-process.ts';
import { clusteredVectors } from './vectors.ts';

const dimension = 384;
const latencyMs = 30;
const space = 'warm';
const kinds = ['vector', 'text', 'hybrid'] as const;
/** Asked before anything is counted: what a process has been asked for a while. */
const warming = 60;
const counted = 20;

/** Of each way to ask: some before, and then some strong, some eventual and some for the engine. No two alike. */
const asked = kinds.length * (warming + 3 * counted);
/** So many words, each of which a question asks for. */
const topics = asked;
const textOf = (index: number): string => `note ${index} about topic${index % topics} and theme${index % 7}, as anybody might write it`;

interface Question {
  query: string;
  vector: Float32Array;
}

/** What each question waited for. */
const countedBy = async (door: Door, bench: string, who: string, questions: readonly Question[], ask: (question: Question) => Promise<unknown>) => {
  const [timesMs, hops, requests]: [number[], number[], number[]] = [[], [], []];
  for (const question of questions) {
    door.log.clear();
    const startedMs = performance.now();
    await ask(question);
    timesMs.push(performance.now() - startedMs);
    hops.push(hopsOf(door.log.entries));
    requests.push(door.log.entries.length);
  }
  return [
    { bench, what: `${who}, each question`, unit: 'ms', rounds: timesMs },
    { bench, what: `${who}: hops, one behind the other`, unit: '', rounds: hops },
    { bench, what: `${who}: requests`, unit: '', rounds: requests },
  ];
};

const byRunner =
  (runner: RunnerProcess, mode: (typeof kinds)[number], consistency: 'strong' | 'eventual') =>
  async ({ query, vector }: Question): Promise<void> => {
    const body = { mode, consistency, ...(mode === 'vector' ? {} : { query }), ...(mode === 'text' ? {} : { vector: Array.from(vector) }) };
    const answer = await runner.call('POST', `/nexus/spaces/${space}/query`, new TextEncoder().encode(JSON.stringify(body)));
    if (answer.status !== 200 || answer.body.hits.length === 0) throw new Error(`query answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  };

/** As fresh as a strong query: the engine looks for a newer version each time. */
const byEngine =
  (table: Table, kind: (typeof kinds)[number]) =>
  async ({ query, vector }: Question): Promise<void> => {
    await table.checkoutLatest();
    if ((await askEngine(table, kind, query, vector)) === 0) throw new Error('the engine found nothing');
  };

const ofSize = async (door: Door, rows: number): Promise<Figure[]> => {
  const all = clusteredVectors(rows + asked, dimension, 10);
  const questions = all.slice(rows).map((vector, index): Question => ({ vector, query: `topic${index}` }));
  /** The next ones, which nobody has asked. */
  const take = (count: number): Question[] => questions.splice(0, count);
  door.faults.latencyMs = 0;
  const runner = await startRunnerProcess([], onObjectStore(door));
  const figures: Figure[] = [];
  try {
    await load(runner, space, ingestBodies(all.slice(0, rows), textOf));
    await untilIndexed(runner, space, indexedAt(rows));
    const session = new Session(2n ** 28n, 2n ** 27n);
    const table = await (await connect(tablesUri, { storageOptions: engineOptions(door) }, session)).openTable(space);
    for (const kind of kinds) {
      const strong = byRunner(runner, kind, 'strong');
      for (const question of take(warming)) {
        await strong(question);
        await askEngine(table, kind, question.query, question.vector);
      }
      door.faults.latencyMs = latencyMs;
      const bench = `warm-store ${rows.toLocaleString('en')} × ${dimension}, ${latencyMs} ms a request, ${kind}`;
      figures.push(...(await countedBy(door, bench, 'strong', take(counted), strong)));
      figures.push(...(await countedBy(door, bench, 'eventual', take(counted), byRunner(runner, kind, 'eventual'))));
      figures.push(...(await countedBy(door, bench, 'the engine alone, as fresh as strong', take(counted), byEngine(table, kind))));
      door.faults.latencyMs = 0;
    }
  } finally {
    await runner.stop();
  }
  return figures;
};

/**
 * Questions that nobody asked before, to a process that has been asked others, on an object store (a fake, in this process) that
 * takes so long for each request; beside it the engine alone, warm as well. What is counted is the same on any machine.
 */
export const warmStore = async ({ quick, rows }: BenchOptions): Promise<Figure[]> => {
  const figures: Figure[] = [];
  for (const size of rows === undefined ? (quick ? [1_000, 10_000] : [1_000, 10_000, 100_000]) : [rows]) {
    const door = await serveObjects(objectStore(['bucket']));
    try {
      figures.push(...(await ofSize(door, size)));
    } finally {
      await door.close();
    }
  }
  return figures;
};
