import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { SignJWT } from 'jose';
import { startWorkerd } from '../test/edge/workerd-process.ts';
import { type Figure, median } from './figures.ts';
import { generate } from './generator.ts';
import type { BenchOptions } from './main.ts';
import { cpuMs } from './process-figures.ts';
import { type Outcome, rawClient, rawRequest } from './raw-client.ts';
import { clusteredVectors } from './vectors.ts';

const bench = 'edge-alone, query of 384 numbers';
const jwtSecret = 'a-token-secret-that-only-the-bench-knows';
const path = '/nexus/spaces/edge/query';
const dimension = 384;
const callers = 8;

const hit = { doc_id: 'd1', chunk: 0, type: 'document', text: 'a passage of some length '.repeat(12), metadata: { pick: 1 }, score: 0.9 };
const answer = JSON.stringify({ hits: Array.from({ length: 10 }, (_, index) => ({ id: `d${index}#0`, ...hit })), next_cursor: null, snapshot: {}, took_ms: 1 });

const startUpstream = async () => {
  const thread = new Worker(new URL('./trivial-upstream.ts', import.meta.url), { workerData: { answer } });
  const [port] = (await once(thread, 'message')) as [number];
  return { origin: `http://127.0.0.1:${port}`, stop: () => thread.postMessage('end') };
};

const environment = (runner: string) => ({
  NEXUS_JWT_SECRET: jwtSecret,
  NEXUS_GRANT_SECRET: 'a-grant-secret-that-only-the-bench-knows',
  NEXUS_CURSOR_KEYS: 'k1:a-cursor-secret-that-only-the-bench-knows',
  NEXUS_ROUTES: JSON.stringify({
    routes: [
      { id: 'store', kind: 'nexus_store', match: {}, backend: 'lancedb', root: '/store' },
      { id: 'blobs', kind: 'nexus_blob_store', match: {}, backend: 'blob', root: '/blobs' },
    ],
  }),
  NEXUS_RUNNERS: runner,
});

const token = (): Promise<string> =>
  new SignJWT({ sub: 'bench', tenant_id: 't_bench', env: 'dev', project_id: 'p1', surface_id: 'bench', roles: ['writer'] })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(jwtSecret));

/** One caller who waits for each answer. @returns p50, ms */
const p50 = async (send: (request: Uint8Array) => Promise<Outcome>, requests: readonly Uint8Array[], asked: number): Promise<number> => {
  const timesMs: number[] = [];
  for (let index = 0; index < asked; index++) {
    const startedMs = performance.now();
    const outcome = await send(requests[index % requests.length] as Uint8Array);
    timesMs.push(performance.now() - startedMs);
    if (outcome !== 200) throw new Error(`the query was answered ${outcome}`);
  }
  return median(timesMs);
};

/**
 * The Worker as it is built, in workerd itself with nothing before it, between a caller and a runner that does nothing:
 * what is slower than the same bytes sent straight to that runner is the edge's.
 */
export const edgeAlone = async ({ quick }: BenchOptions): Promise<Figure[]> => {
  const upstream = await startUpstream();
  const edge = await startWorkerd(environment(upstream.origin));
  try {
    const headers = { authorization: `Bearer ${await token()}`, 'content-type': 'application/json' };
    const bodies = clusteredVectors(50, dimension, 6).map((vector) => new TextEncoder().encode(JSON.stringify({ vector: Array.from(vector) })));
    const to = (origin: string) => bodies.map((body) => rawRequest(origin, 'POST', path, headers, body));
    const sides = [upstream.origin, edge.url.origin].map((origin) => ({ origin, requests: to(origin), send: rawClient(origin, 1) }));
    for (const { send, requests } of sides) await p50(send, requests, 500);

    const [straight, through]: number[][] = [[], []] as number[][];
    const seconds = quick ? 3 : 10;
    const saturated = async (origin: string, requests: readonly Uint8Array[]): Promise<number> => {
      const encoded = requests.map((request) => Buffer.from(request).toString('base64'));
      const { timesMs } = await generate({ origin, requests: encoded, seconds, connectionsMax: callers });
      return timesMs.length / seconds;
    };
    const [direct, behind] = sides as [(typeof sides)[0], (typeof sides)[0]];
    for (let round = 0; round < (quick ? 7 : 15); round++) {
      straight?.push(await p50(direct.send, direct.requests, 300));
      through?.push(await p50(behind.send, behind.requests, 300));
    }
    const cpuBeforeMs = cpuMs(edge.pid);
    const perSecond = await saturated(behind.origin, behind.requests);
    const cpuOfRequestMs = (cpuMs(edge.pid) - cpuBeforeMs) / (perSecond * seconds);
    return [
      { bench, what: 'straight to the runner that does nothing, p50', unit: 'ms', rounds: straight ?? [] },
      { bench, what: 'through the edge, p50', unit: 'ms', rounds: through ?? [] },
      { bench, what: 'the edge adds, p50', unit: 'ms', rounds: (through ?? []).map((time, round) => time - (straight?.[round] ?? Number.NaN)) },
      { bench, what: `through the edge, ${callers} callers`, unit: 'answers/s', rounds: [perSecond] },
      { bench, what: `straight, ${callers} callers`, unit: 'answers/s', rounds: [await saturated(direct.origin, direct.requests)] },
      { bench, what: "the edge's CPU of an answer", unit: 'ms', rounds: [cpuOfRequestMs] },
    ];
  } finally {
    await edge.close();
    upstream.stop();
  }
};
