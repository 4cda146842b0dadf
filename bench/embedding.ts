import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { buildEmbedders } from '../runner/build-embedders.ts';
import { embedderVariables } from '../runner/embedder-environment.ts';
import type { Figure } from './figures.ts';
import type { BenchOptions } from './main.ts';

const latencyMs = 20;
/** One request in twenty fails. */
const failureEvery = 20;
const dimension = 384;
const chunks = 10_000;
const [concurrency, batchInputs] = [8, 32];

interface Round {
  perSecond: number;
  /** Of bare requests that never fail, in the same round. */
  ofBare: number;
  /** Of 8 × 32 texts every 20 ms: what an idle machine could come near to. */
  ofAllowed: number;
}

const texts = Array.from({ length: chunks }, (_, index) => `${index} ${'a passage of some length '.repeat(20)}`);

/** @returns its URL, and what ends it and gives how often each text was embedded */
const startStub = async (failing: number): Promise<{ url: string; end: () => Promise<number[]> }> => {
  const stub = new Worker(new URL('./embedding-stub.ts', import.meta.url), { workerData: { latencyMs, failureEvery: failing, dimension } });
  const [port] = (await once(stub, 'message')) as [number];
  const end = async (): Promise<number[]> => {
    stub.postMessage('end');
    const [times] = (await once(stub, 'message')) as [number[]];
    return times;
  };
  return { url: `http://127.0.0.1:${port}/v1`, end };
};

/** As many bare requests at once, of the same batches, to a service that never fails: what this machine allows now. */
const bare = async (): Promise<number> => {
  const { url, end } = await startStub(Number.POSITIVE_INFINITY);
  let next = 0;
  const startedMs = performance.now();
  const line = async (): Promise<void> => {
    while (next < chunks) {
      const input = texts.slice(next, next + batchInputs);
      next += batchInputs;
      const body = JSON.stringify({ model: 'stub', input, encoding_format: 'base64' });
      await (await fetch(`${url}/embeddings`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).json();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, line));
  const perSecond = chunks / ((performance.now() - startedMs) / 1000);
  await end();
  return perSecond;
};

/** @throws when a text was not embedded, or more than once */
const round = async (): Promise<Round> => {
  const allowed = await bare();
  const { url, end } = await startStub(failureEvery);
  const { standard } = await buildEmbedders(
    z.object(embedderVariables).parse({
      ...{ NEXUS_EMBEDDER: 'openai', NEXUS_EMBEDDER_URL: url, NEXUS_EMBEDDER_MODEL: `stub@${dimension}` },
      ...{ NEXUS_EMBEDDER_CONCURRENCY: String(concurrency), NEXUS_EMBEDDER_BATCH_INPUTS: String(batchInputs) },
    }),
  );
  await standard.embedQuery('warm');
  const startedMs = performance.now();
  const vectors = await standard.embedDocuments(texts);
  const seconds = (performance.now() - startedMs) / 1000;
  const times = await end();
  if (vectors.some((vector) => !(vector instanceof Float32Array)) || times.length !== chunks + 1 || times.some((count) => count !== 1))
    throw new Error('not every text was embedded exactly once');
  const perSecond = chunks / seconds;
  return { perSecond, ofBare: perSecond / allowed, ofAllowed: perSecond / ((concurrency * batchInputs) / (latencyMs / 1000)) };
};

/**
 * 10,000 chunks through the OpenAI-compatible adapter against a service that takes 20 ms a request and fails one in
 * twenty: beside bare requests of the same number at once, of which none fails, and beside what 20 ms allow.
 */
export const embedding = async ({ quick }: BenchOptions): Promise<Figure[]> => {
  const rounds: Round[] = [];
  for (let i = 0; i < (quick ? 3 : 5); i++) rounds.push(await round());
  return [
    { bench: 'embedding', what: 'chunks embedded', unit: '/s', rounds: rounds.map(({ perSecond }) => perSecond) },
    { bench: 'embedding', what: 'of bare requests that never fail, as many at once', unit: '', rounds: rounds.map(({ ofBare }) => ofBare) },
    { bench: 'embedding', what: 'of what the concurrency allows', unit: '', rounds: rounds.map(({ ofAllowed }) => ofAllowed) },
  ];
};
