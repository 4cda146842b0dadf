import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../shared/limits.ts';
import { type RerankAsked, type RerankFault, scoreOf, startRerankService } from './rerank-service.ts';
import { caller, type RunningRunner, startRunner } from './running-runner.ts';

/** A runner with a reranker behind HTTP that likes what ends late in the alphabet, and that may fail. */

const count = 24;
const letters = Array.from({ length: count }, (_, index) => String.fromCharCode(97 + index));
const system = caller({ tenant_id: 't_system', roles: ['system'] });

let service: Awaited<ReturnType<typeof startRerankService>>;
let runner: RunningRunner;
let fault: RerankFault | undefined;

const envOf = (kind: string, url: string): Record<string, string> => ({
  ...{ NEXUS_RERANKER: kind, NEXUS_RERANKER_URL: url, NEXUS_RERANKER_KEY: 'a-key', NEXUS_RERANKER_DEADLINE_MS: '20000' },
  ...(kind === 'tei' ? {} : { NEXUS_RERANKER_MODEL: 'a-model' }),
});

beforeAll(async () => {
  service = await startRerankService(() => fault);
  runner = await startRunner({ env: envOf('cohere', service.url) });
  // The earlier a letter, the better BM25 likes its document.
  const documents = letters.map((letter, index) => ({ id: letter, text: `${'pear '.repeat(count - index)}${'fig '.repeat(index)}ends with ${letter}` }));
  await runner.ingest('fruit', { documents });
  await runner.ingest('fruit', { documents: [{ id: 'shared', text: 'pear pear ends with zz' }] }, { context: system });
});
afterAll(async () => {
  await runner.stop();
  await service.stop();
});

const during = async <T>(one: RerankFault, work: () => Promise<T>): Promise<T> => {
  fault = one;
  try {
    return await work();
  } finally {
    fault = undefined;
  }
};

interface HitSeen {
  doc_id: string;
  score: number;
  source_scope: string;
  explain?: { ranks: Record<string, number> };
}
const ask = async (body: Record<string, unknown>, space = 'fruit') =>
  (await runner.call('POST', `/nexus/spaces/${space}/query`, { query: 'pear', mode: 'text', explain: true, ...body })).body;
const idsOf = ({ hits }: { hits: HitSeen[] }): string => hits.map(({ doc_id }) => doc_id).join('');
const asking = async (work: () => Promise<unknown>): Promise<RerankAsked[]> => {
  const before = service.asked.length;
  await work();
  return service.asked.slice(before);
};

const walk = async (body: Record<string, unknown>): Promise<HitSeen[]> => {
  const hits: HitSeen[] = [];
  let cursor: string | undefined;
  do {
    const page = await ask({ ...body, ...(cursor === undefined ? {} : { cursor }) });
    hits.push(...page.hits);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return hits;
};

describe('a reranked query', () => {
  test('is in the reranker’s order, with its scores, and says where each hit came from', async () => {
    const { hits, explain } = await ask({ rerank: true, limit: 3 });
    expect(hits.map(({ doc_id }: HitSeen) => doc_id)).toEqual(['x', 'w', 'v']);
    for (const { doc_id, score } of hits) expect(score).toBeCloseTo(scoreOf(doc_id), 6);
    expect(hits[0].explain.ranks).toMatchObject({ rerank: 1, fused: count });
    expect(explain).toMatchObject({ rerank: { outcome: 'done', order: 'reranked', model: 'cohere/a-model' }, timings_ms: { rerank: expect.any(Number) } });
  });

  test('asks once for a whole walk, which is one ranking, each row once', async () => {
    const whole = await ask({ rerank: true, limit: 100 });
    let hits: HitSeen[] = [];
    const asked = await asking(async () => {
      hits = await walk({ rerank: true, limit: 5 });
    });
    expect(asked).toHaveLength(1);
    expect(hits.map(({ doc_id, score }) => [doc_id, score])).toEqual(whole.hits.map(({ doc_id, score }: HitSeen) => [doc_id, score]));
    expect(hits.map(({ doc_id }) => doc_id)).toEqual([...letters].reverse());
  });

  test('of top_n judges so many; the others follow in their order, with scores that do not rise', async () => {
    const fused = idsOf(await ask({ limit: 100 }));
    let hits: HitSeen[] = [];
    const asked = await asking(async () => {
      hits = await walk({ rerank: { top_n: 4 }, limit: 3 });
    });
    expect(asked.map(({ texts }) => texts.length)).toEqual([4]);
    const expected = [...fused.slice(0, 4)].sort().reverse().join('') + fused.slice(4);
    expect(hits.map(({ doc_id }) => doc_id).join('')).toBe(expected);
    hits.slice(1).forEach(({ score }, index) => {
      expect(score).toBeLessThanOrEqual(hits[index]?.score ?? 0);
    });
    expect(hits.filter(({ explain }) => explain?.ranks.rerank !== undefined)).toHaveLength(4);
  });

  test('is grouped before it is judged, and its least score and caps count after', async () => {
    const least = scoreOf('s') - 0.001;
    expect(idsOf(await ask({ rerank: true, limit: 100, min_score: least }))).toBe('xwvuts');
    // The others were not judged, so nobody can say that they reach it.
    expect(idsOf(await ask({ rerank: { top_n: 3 }, limit: 100, min_score: 0 }))).toHaveLength(3);
    const capped = await ask({ rerank: true, limit: 100, include_global: true, fusion: { caps: { tenant: 2 } } });
    expect(capped.hits.map(({ doc_id }: HitSeen) => doc_id)).toEqual(['shared', 'x', 'w']);
    const texts = Array.from({ length: 3 }, (_, index) => `# part ${index}\n\n${'pear '.repeat(40 * (3 - index))} ends with ${letters[index]}`).join('\n\n');
    await runner.ingest('grouped', { documents: [{ id: 'a', text: texts }], chunking: { strategy: 'markdown', max_tokens: 64 } });
    const asked = await asking(() => ask({ rerank: true, group_by: 'doc_id' }, 'grouped'));
    expect(asked.map((one) => one.texts.length)).toEqual([1]);
  });

  test('leaves rows without words where no reranker can judge them: behind', async () => {
    const documents = [
      { id: 'silent', vector: [1, 0] },
      { id: 'b', vector: [0.9, 0.1], text: 'pear ends with b' },
      { id: 'c', vector: [0.8, 0.2], text: 'pear ends with c' },
    ];
    await runner.ingest('silent', { documents });
    const { hits } = await ask({ vector: [1, 0], mode: 'vector', rerank: true }, 'silent');
    expect(hits.map(({ doc_id }: HitSeen) => doc_id)).toEqual(['c', 'b', 'silent']);
  });

  test('of nothing found asks nobody', async () => {
    expect(await asking(() => ask({ query: 'zebra', rerank: true }))).toEqual([]);
    expect(await asking(() => ask({ rerank: true }, 'empty'))).toEqual([]);
  });

  test('without words to judge by is 422', async () => {
    const body = await ask({ query: undefined, vector: [1, 0], mode: 'vector', rerank: true }, 'silent');
    expect([body.error.code, body.error.details.issues[0].path]).toEqual(['nexus.validation_failed', 'rerank']);
  });

  test('carries its order in a cursor that fits, and one that was changed is refused', async () => {
    const { next_cursor } = await ask({ rerank: true, limit: 1 });
    expect(next_cursor.length).toBeLessThan(limits.cursorBytes);
    const { error } = await ask({ rerank: { top_n: 100 }, limit: 1, cursor: next_cursor });
    expect(error.code).toBe('nexus.cursor_invalid');
  });
});

describe('a reranker that fails', () => {
  const faults: RerankFault[] = [400, 401, 500, 503, 'html', 'missing', 'twice', 'out-of-range', 'not-a-number'];

  test.each(faults)('with %s: the fused order is answered, explain says so, and later pages do not ask again', async (one) => {
    const plain = await walk({ limit: 7 });
    const first = await during(one, () => ask({ rerank: true, limit: 7 }));
    expect(first.explain.rerank).toMatchObject({ outcome: 'failed', order: 'fused' });
    let second: typeof first;
    expect(await asking(async () => (second = await ask({ rerank: true, limit: 7, cursor: first.next_cursor })))).toEqual([]);
    expect(second.explain.rerank).toMatchObject({ outcome: 'failed', order: 'fused' });
    const both = [...first.hits, ...second.hits].map(({ doc_id, score }: HitSeen) => [doc_id, score]);
    expect(both).toEqual(plain.slice(0, 14).map(({ doc_id, score }) => [doc_id, score]));
  });

  test('once, and passes within the deadline, is asked again', async () => {
    let times = 0;
    const flaky = await startRerankService(() => (times++ === 0 ? 503 : undefined));
    const other = await startRunner({ folder: `${runner.folder}/flaky`, env: envOf('jina', flaky.url) });
    await other.ingest('s', { documents: ['a', 'b'].map((id) => ({ id, text: `pear ends with ${id}` })) });
    const { body } = await other.call('POST', '/nexus/spaces/s/query', { query: 'pear', rerank: true, explain: true });
    expect([body.explain.rerank.outcome, times]).toEqual(['done', 2]);
    await other.stop();
    await flaky.stop();
  });

  test('to answer in time: the fused order, explain, the log and the metrics say late', async () => {
    const slow = await startRerankService(() => 'hang');
    const other = await startRunner({ folder: `${runner.folder}/slow`, env: { ...envOf('jina', slow.url), NEXUS_RERANKER_DEADLINE_MS: '150' } });
    await other.ingest('s', { documents: ['a', 'b'].map((id) => ({ id, text: `pear ends with ${id}` })) });
    const { body } = await other.call('POST', '/nexus/spaces/s/query', { query: 'pear', rerank: true, explain: true });
    expect(body.hits).toHaveLength(2);
    expect(body.explain.rerank).toMatchObject({ outcome: 'late', order: 'fused' });
    expect(other.logged).toContainEqual({ severity: 'WARNING', event: 'rerank.fell_back', fields: expect.objectContaining({ outcome: 'late' }) });
    const metrics = await (await fetch(`${other.origin}/metrics`)).text();
    expect(metrics).toMatch(/nexus_rerankings_total\{outcome="late"\} 1/);
    await other.stop();
    await slow.stop();
  });
});

describe.each([
  ['cohere', '/v2/rerank', [count]],
  ['jina', '/v1/rerank', [count]],
  ['tei', '/rerank', [10, 10, 4]],
])('%s', (kind, path, batches) => {
  test('is asked as it documents, with the key, in requests of the size that it takes', async () => {
    const own = await startRerankService();
    const env = { ...envOf(kind, own.url), ...(kind === 'tei' ? { NEXUS_RERANKER_BATCH_INPUTS: '10' } : {}) };
    const other = await startRunner({ folder: `${runner.folder}/${kind}`, env });
    await other.ingest('s', { documents: letters.map((letter) => ({ id: letter, text: `pear ends with ${letter}` })) });
    const { body } = await other.call('POST', '/nexus/spaces/s/query', { query: 'pear', rerank: true, limit: 100 });
    expect(idsOf(body)).toBe([...letters].reverse().join(''));
    expect(own.asked.map((asked) => [asked.path, asked.authorization, asked.query])).toEqual(batches.map(() => [path, 'Bearer a-key', 'pear']));
    expect(own.asked.map(({ texts }) => texts.length).sort((a, b) => b - a)).toEqual(batches);
    await other.stop();
    await own.stop();
  });
});

test('without a configured reranker it is 422 nexus.rerank_unavailable, and rerank: false is fine', async () => {
  const other = await startRunner({ folder: `${runner.folder}/none` });
  const call = (rerank: unknown) => other.call('POST', '/nexus/spaces/s/query', { query: 'pear', rerank });
  for (const rerank of [true, { top_n: 5 }]) expect((await call(rerank)).body.error).toMatchObject({ code: 'nexus.rerank_unavailable', http_status: 422 });
  expect((await call(false)).status).toBe(200);
  await other.stop();
});
