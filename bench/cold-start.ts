import { fork } from 'node:child_process';
import { hopsOf } from '../test/fakes/object-store/request-log.ts';
import { type Door, objectStore, serveObjects } from '../test/fakes/object-store/serve.ts';
import type { Kind } from './ask-engine.ts';
import type { Figure } from './figures.ts';
import { indexedAt, ingestBodies, load, untilIndexed } from './load.ts';
import type { BenchOptions } from './main.ts';
import { engineOptions, onObjectStore, tablesUri } from './on-object-store.ts';
import type { ColdAsked } from './raw-cold.ts';
import { startRunnerProcess } from './runner-process.ts';
import { clusteredVectors } from './vectors.ts';

const dimension = 384;
const latenciesMs = [0, 10, 30];
const slowestMs = Math.max(...latenciesMs);

const textOf = (index: number): string => `note ${index} about topic${index % 50} and theme${index % 7}, as anybody might write it`;

interface Cold {
  ms: number;
  /** From the start of the process until it listens. */
  startMs?: number;
  requests: number;
  hops: number;
  KiB: number;
}

const counted = async (door: Door, ask: () => Promise<number>): Promise<Cold> => {
  door.log.clear();
  const ms = await ask();
  const entries = [...door.log.entries];
  return { ms, requests: entries.length, hops: hopsOf(entries), KiB: entries.reduce((sum, { bytesOut }) => sum + bytesOut, 0) / 1024 };
};

const byRunner = async (door: Door, space: string, kind: Kind, query: string, vector: readonly number[]): Promise<Cold> => {
  const startedMs = performance.now();
  // As in the cloud: who answers queries sweeps nothing when it starts.
  const runner = await startRunnerProcess([], { ...onObjectStore(door), NEXUS_ROLE: 'query' });
  const startMs = performance.now() - startedMs;
  try {
    const cold = await counted(door, async () => {
      const body = { mode: kind, ...(kind === 'vector' ? {} : { query }), ...(kind === 'text' ? {} : { vector }) };
      const askedMs = performance.now();
      const answer = await runner.call('POST', `/nexus/spaces/${space}/query`, new TextEncoder().encode(JSON.stringify(body)));
      if (answer.status !== 200 || answer.body.hits.length === 0) throw new Error(`query answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      return performance.now() - askedMs;
    });
    return { ...cold, startMs };
  } finally {
    await runner.stop();
  }
};

const byEngine = (door: Door, asked: ColdAsked): Promise<Cold> =>
  counted(
    door,
    () =>
      new Promise((resolve, reject) => {
        const child = fork(new URL('./raw-cold.ts', import.meta.url), [], { execArgv: ['--import', 'tsx'] });
        child.once('message', (ms) => resolve(ms as number));
        child.once('exit', (code) => reject(new Error(`the engine's process ended with ${code}`)));
        child.send(asked);
      }),
  );

const ofCollection = async (door: Door, rows: number, kinds: readonly Kind[]): Promise<Figure[]> => {
  const space = `cold${rows}`;
  const all = clusteredVectors(rows + 1, dimension, 10);
  door.faults.latencyMs = 0;
  const writer = await startRunnerProcess([], onObjectStore(door));
  try {
    await load(writer, space, ingestBodies(all.slice(0, rows), textOf));
    await untilIndexed(writer, space, indexedAt(rows));
  } finally {
    await writer.stop();
  }
  const vector = Array.from(all[rows] as Float32Array);
  const figures: Figure[] = [];
  for (const latencyMs of latenciesMs) {
    door.faults.latencyMs = latencyMs;
    for (const kind of kinds) {
      const bench = `cold-start ${rows.toLocaleString('en')} × ${dimension}, ${latencyMs} ms a request, ${kind}`;
      const figure = (what: string, unit: string, value: number): void => void figures.push({ bench, what, unit, rounds: [value] });
      const sides: [string, Cold][] = [
        ['first answer of a fresh runner', await byRunner(door, space, kind, 'topic7', vector)],
        [
          'the engine alone, fresh process',
          await byEngine(door, { uri: tablesUri, space, storageOptions: engineOptions(door), kind, query: 'topic7', vector }),
        ],
      ];
      for (const [who, { ms, startMs, requests, hops, KiB }] of sides) {
        if (startMs !== undefined) figure('start of the process until it listens', 'ms', startMs);
        figure(who, 'ms', ms);
        if (latencyMs !== slowestMs) continue;
        // The same at every latency; which request waited for which shows best where they take long.
        figure(`${who}: hops, one behind the other`, '', hops);
        figure(`${who}: requests`, '', requests);
        figure(`${who}: read`, 'KiB', KiB);
      }
    }
  }
  return figures;
};

/**
 * A process that has seen nothing yet answers its first query, from an object store (a fake, in this process) that takes
 * so long for each request; beside it the engine alone in a fresh process, asked for the same rows.
 */
export const coldStart = async ({ quick, rows }: BenchOptions): Promise<Figure[]> => {
  const door = await serveObjects(objectStore(['bucket']));
  try {
    const figures: Figure[] = [];
    const sizes = rows === undefined ? (quick ? [2_000] : [2_000, 35_000]) : [rows];
    for (const size of sizes) figures.push(...(await ofCollection(door, size, quick ? ['hybrid'] : ['vector', 'text', 'hybrid'])));
    return figures;
  } finally {
    await door.close();
  }
};
