import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { maintain } from '../../runner/store/maintain.ts';
import { spaceKey } from '../../shared/space-key.ts';
import { caller, type RunningRunner, startRunner } from '../runner/running-runner.ts';
import { documentOf } from './collection.ts';
import { random } from './random.ts';

/** The engine counts its own requests; the snapshot is only reachable past its package's entry. */
interface EngineMetrics {
  registerLancedbMetricsRecorder(): boolean;
  snapshotLancedbMetrics(): { name: string; value?: number }[];
}
const require = createRequire(import.meta.url);
const engine = require(require.resolve('@lancedb/lancedb').replace(/index\.js$/, 'native.js')) as EngineMetrics;
const requests = (): number =>
  engine
    .snapshotLancedbMetrics()
    .filter(({ name }) => name === 'lance_object_store_requests_total')
    .reduce((sum, { value = 0 }) => sum + value, 0);

let runner: RunningRunner;
beforeAll(async () => {
  if (!engine.registerLancedbMetricsRecorder()) throw new Error('the engine does not count');
  runner = await startRunner();
});
afterAll(() => runner.stop());

const choice = random(5);
const queries: Record<string, Record<string, unknown>> = {
  vector: { vector: [1, 2, 3, 4], mode: 'vector' },
  text: { query: 'kilo tango', mode: 'text' },
  hybrid: { query: 'kilo tango', vector: [1, 2, 3, 4] },
};

/** What is read into memory beside queries has been read. */
const quiet = async (): Promise<void> => {
  let seen = -1;
  while (seen !== requests()) {
    seen = requests();
    await sleep(200);
  }
};

/** Requests of a query when everything that can be remembered is. */
const warm = async (request: Record<string, unknown>): Promise<number> => {
  const ask = async (): Promise<void> => {
    expect((await runner.call('POST', '/nexus/spaces/warm/query', request)).status).toBe(200);
  };
  for (let i = 0; i < 5; i++) await ask();
  await quiet();
  const before = requests();
  for (let i = 0; i < 5; i++) await ask();
  return (requests() - before) / 5;
};
const warmAll = async (): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const [name, request] of Object.entries(queries)) counts[name] = await warm(request);
  return counts;
};

const maintainNow = async (): Promise<void> => {
  const { store, nowMs, queue } = runner.services;
  const outcome = await queue.withLease(spaceKey(caller(), 'tenant', 'warm'), (place) => maintain({ store, nowMs }, place));
  expect(outcome?.failures ?? []).toEqual([]);
};

test('a warm query costs no more requests after 60 single-document ingests and maintenance than before them', { timeout: 60_000 }, async () => {
  // So many that no two columns lie close enough to be read at once: what is counted does not hang on 60 rows more.
  for (let from = 0; from < 4_000; from += 1_000)
    await runner.ingest('warm', { documents: Array.from({ length: 1_000 }, (_, index) => documentOf(choice, 'given', `d${from + index}`)) });
  await maintainNow();
  const before = await warmAll();
  for (let index = 0; index < 60; index++) await runner.ingest('warm', { documents: [documentOf(choice, 'given', `single${index}`)] });
  const between = await warmAll();
  await runner.services.queue.drained();
  await maintainNow();
  const after = await warmAll();
  if (process.env.NEXUS_TEST_SCALE !== undefined) console.log({ before, between, after });
  expect(between.vector, 'the counter counts').toBeGreaterThan(before.vector ?? 0);
  for (const name of Object.keys(queries)) expect(after[name], name).toBeLessThanOrEqual(before[name] ?? 0);
});
