import { vectorIndexRows } from '../runner/adapters/lance/vector-index.ts';
import { type ChromaProcess, startChroma } from './chroma-process.ts';
import { type Figure, median } from './figures.ts';
import { generateElsewhere } from './generator.ts';
import { ingestBodies, load, untilIndexed } from './load.ts';
import type { BenchOptions } from './main.ts';
import { residentMiB } from './process-figures.ts';
import { rawClient, rawRequest } from './raw-client.ts';
import { type RunnerProcess, startRunnerProcess } from './runner-process.ts';
import { clusteredVectors } from './vectors.ts';

const dimension = 384;
const asked = 100;
const deep = 10;
const callers = 8;
const perRequest = 1_000;

/** One store as both are measured: how to fill it, and a question as bytes and as its answer's rows. */
interface Side {
  name: string;
  pid: number;
  origin: string;
  /** @returns seconds until everything can be found as it will be */
  fill(): Promise<number>;
  requests(): Promise<Uint8Array[]>;
  /** The rows that a question finds, nearest first. */
  rows(question: number): Promise<number[]>;
}

const encode = (body: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(body));

const ours = (runner: RunnerProcess, base: readonly Float32Array[], questions: readonly Float32Array[]): Side => {
  const path = '/nexus/spaces/beside/query';
  const bodies = questions.map((vector) => encode({ vector: Array.from(vector), limit: deep, select: ['metadata'] }));
  return {
    name: 'Nexus Lite',
    pid: runner.pid,
    origin: runner.origin,
    async fill() {
      const startedMs = performance.now();
      await load(runner, 'beside', ingestBodies(base));
      if (base.length >= vectorIndexRows) await untilIndexed(runner, 'beside', ['vector']);
      return (performance.now() - startedMs) / 1000;
    },
    requests: () => Promise.all(bodies.map(async (body) => rawRequest(runner.origin, 'POST', path, await runner.headers('POST', path, body), body))),
    async rows(question) {
      const { body } = await runner.call('POST', path, bodies[question]);
      return (body.hits as { doc_id: string }[]).map(({ doc_id }) => Number(doc_id.slice(1)));
    },
  };
};

const theirs = async (chroma: ChromaProcess, name: string, base: readonly Float32Array[], questions: readonly Float32Array[]): Promise<Side> => {
  const collection = await chroma.collection(name);
  const headers = { 'content-type': 'application/json' };
  const post = async (action: string, body: Uint8Array): Promise<Response> => {
    const answer = await fetch(`${chroma.origin}${collection}/${action}`, { method: 'POST', headers, body: body as Uint8Array<ArrayBuffer> });
    if (!answer.ok) throw new Error(`Chroma answered ${answer.status}: ${await answer.text()}`);
    return answer;
  };
  const bodies = questions.map((vector) => encode({ query_embeddings: [Array.from(vector)], n_results: deep, include: ['metadatas', 'distances'] }));
  return {
    name: `Chroma ${chroma.version}`,
    pid: chroma.pid,
    origin: chroma.origin,
    async fill() {
      const startedMs = performance.now();
      for (let from = 0; from < base.length; from += perRequest) {
        const part = base.slice(from, from + perRequest);
        const ids = part.map((_, index) => `d${from + index}`);
        const metadatas = part.map((_, index) => ({ pick: (from + index) % 1_000 }));
        await (await post('add', encode({ ids, embeddings: part.map((vector) => Array.from(vector)), metadatas }))).text();
      }
      // Its index takes in what was added when it is first asked.
      await (await post('query', bodies[0] as Uint8Array)).text();
      return (performance.now() - startedMs) / 1000;
    },
    requests: async () => bodies.map((body) => rawRequest(chroma.origin, 'POST', `${collection}/query`, headers, body)),
    async rows(question) {
      const { ids } = (await (await post('query', bodies[question] as Uint8Array)).json()) as { ids: string[][] };
      return (ids[0] ?? []).map((id) => Number(id.slice(1)));
    },
  };
};

/** The nearest by cosine, each compared with all. */
const exactly = (base: readonly Float32Array[], questions: readonly Float32Array[]): number[][] => {
  const lengthOf = (vector: Float32Array): number => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  const lengths = base.map(lengthOf);
  const scores = new Float64Array(base.length);
  return questions.map((question) => {
    base.forEach((vector, row) => {
      let dot = 0;
      for (let i = 0; i < dimension; i++) dot += (vector[i] ?? 0) * (question[i] ?? 0);
      scores[row] = dot / (lengths[row] ?? 1);
    });
    return Array.from(scores.keys())
      .sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0))
      .slice(0, deep);
  });
};

const p50 = async ({ origin, requests }: Side): Promise<number> => {
  const send = rawClient(origin, 1);
  const timesMs: number[] = [];
  for (const request of await requests()) {
    const startedMs = performance.now();
    const outcome = await send(request);
    timesMs.push(performance.now() - startedMs);
    if (outcome !== 200) throw new Error(`a query was answered ${outcome}`);
  }
  return median(timesMs);
};

const perSecond = async ({ origin, requests }: Side, seconds: number): Promise<number> => {
  const encoded = (await requests()).map((request) => Buffer.from(request).toString('base64'));
  const { timesMs } = await generateElsewhere({ origin, requests: encoded, seconds, connectionsMax: callers });
  return timesMs.length / seconds;
};

const recallOf = async (side: Side, truth: readonly number[][]): Promise<number> => {
  let found = 0;
  for (const [question, nearest] of truth.entries()) {
    const rows = new Set(await side.rows(question));
    found += nearest.filter((row) => rows.has(row)).length;
  }
  return found / (truth.length * deep);
};

const ofSize = async (chroma: ChromaProcess, rows: number, quick: boolean): Promise<Figure[]> => {
  const all = clusteredVectors(rows + asked, dimension, 12);
  const [base, questions] = [all.slice(0, rows), all.slice(rows)];
  const bench = `chroma, query over HTTP, ${rows.toLocaleString('en')} × ${dimension}`;
  const truth = exactly(base, questions);
  const runner = await startRunnerProcess();
  try {
    const sides = [ours(runner, base, questions), await theirs(chroma, `beside${rows}`, base, questions)] as const;
    const figures = new Map<string, Figure>();
    const note = (what: string, unit: string, value: number): void => {
      const figure = figures.get(what) ?? { bench, what, unit, rounds: [] };
      figure.rounds.push(value);
      figures.set(what, figure);
    };
    for (const side of sides) note(`${side.name}: filled, until it can be asked`, 's', await side.fill());
    for (const side of sides) {
      note(`${side.name}: recall@10`, '', await recallOf(side, truth));
      await p50(side);
    }
    for (let round = 0; round < (quick ? 3 : 5); round++) {
      const [mine, other] = [await p50(sides[0]), await p50(sides[1])];
      note(`${sides[0].name}: one caller, p50`, 'ms', mine);
      note(`${sides[1].name}: one caller, p50`, 'ms', other);
      note('one caller, p50: Nexus Lite ÷ Chroma', '×', mine / other);
      const [myRate, otherRate] = [await perSecond(sides[0], quick ? 2 : 5), await perSecond(sides[1], quick ? 2 : 5)];
      note(`${sides[0].name}: ${callers} callers`, 'answers/s', myRate);
      note(`${sides[1].name}: ${callers} callers`, 'answers/s', otherRate);
      note(`${callers} callers: Nexus Lite ÷ Chroma`, '×', myRate / otherRate);
    }
    for (const side of sides) note(`${side.name}: resident`, 'MiB', residentMiB(side.pid));
    return [...figures.values()];
  } finally {
    await runner.stop();
  }
};

/** The runner beside Chroma's own server: the same vectors, the same callers, the same number of hits with their metadata, in turns. */
export const besideChroma = async ({ quick, rows }: BenchOptions): Promise<Figure[]> => {
  const chroma = await startChroma();
  try {
    const figures: Figure[] = [];
    const sizes = rows === undefined ? (quick ? [1_000, 10_000] : [1_000, 10_000, 100_000]) : [rows];
    for (const size of sizes) figures.push(...(await ofSize(chroma, size, quick)));
    return figures;
  } finally {
    await chroma.stop();
  }
};
