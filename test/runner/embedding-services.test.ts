import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { buildEmbedders } from '../../runner/build-embedders.ts';
import { type EmbedderEnvironment, embedderVariables } from '../../runner/embedder-environment.ts';
import { type Embedder, RefusedTextError } from '../../runner/ports/embedder.ts';
import { type Asked, dimension, type Fault, type ModelService, startModelService, unitVectorOf } from './model-service.ts';

/** One battery for every embedding service: each speaks its own protocol to a server that misbehaves. */

const secret = 'sk-secret-that-nobody-may-see';

interface Vendor {
  name: string;
  env: (url: string) => Record<string, string>;
  /** What a request must carry, and how it tells documents from queries. */
  authorised: (asked: Asked) => boolean;
  use: (asked: Asked) => unknown;
  uses: { document: unknown; query: unknown };
}

const bearer = ({ headers }: Asked): boolean => headers.authorization === `Bearer ${secret}`;
const vendors: Vendor[] = [
  {
    name: 'openai',
    env: (url) => ({ NEXUS_EMBEDDER_URL: `${url}/v1/`, NEXUS_EMBEDDER_MODEL: `a-model@${dimension}` }),
    authorised: (asked) => bearer(asked) && asked.path === '/v1/embeddings' && asked.body.model === 'a-model',
    use: () => 'one',
    uses: { document: 'one', query: 'one' },
  },
  {
    name: 'cohere',
    env: (url) => ({ NEXUS_EMBEDDER_URL: url, NEXUS_EMBEDDER_MODEL: `embed-v4.0@${dimension}` }),
    authorised: (asked) => bearer(asked) && asked.path === '/v2/embed' && asked.body.model === 'embed-v4.0' && asked.body.output_dimension === dimension,
    use: ({ body }) => body.input_type,
    uses: { document: 'search_document', query: 'search_query' },
  },
  {
    name: 'vertex',
    env: (url) => ({
      ...{ NEXUS_EMBEDDER_URL: url, NEXUS_EMBEDDER_MODEL: `text-embedding-005@${dimension}` },
      ...{ NEXUS_EMBEDDER_PROJECT: 'a-project', NEXUS_EMBEDDER_LOCATION: 'europe-west1' },
    }),
    authorised: (asked) =>
      bearer(asked) &&
      asked.path === '/v1/projects/a-project/locations/europe-west1/publishers/google/models/text-embedding-005:predict' &&
      asked.body.parameters.outputDimensionality === dimension,
    use: ({ body }) => body.instances[0].task_type,
    uses: { document: 'RETRIEVAL_DOCUMENT', query: 'RETRIEVAL_QUERY' },
  },
  {
    name: 'workers-ai',
    env: (url) => ({ NEXUS_EMBEDDER_URL: url, NEXUS_EMBEDDER_MODEL: `@cf/some/model@${dimension}`, NEXUS_EMBEDDER_ACCOUNT: 'an-account' }),
    authorised: (asked) => bearer(asked) && asked.path === '/accounts/an-account/ai/run/@cf/some/model',
    use: () => 'one',
    uses: { document: 'one', query: 'one' },
  },
];

const services: ModelService[] = [];
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.stop()));
});

const against = async (
  { name, env }: Vendor,
  faultOf?: (asked: Asked, index: number) => Fault | undefined,
  more: Record<string, string> = {},
): Promise<{ embedder: Embedder; service: ModelService }> => {
  const service = await startModelService(faultOf);
  services.push(service);
  const variables: EmbedderEnvironment = z.object(embedderVariables).parse({ NEXUS_EMBEDDER: name, NEXUS_EMBEDDER_KEY: secret, ...env(service.url), ...more });
  return { embedder: (await buildEmbedders(variables, { backoffMs: 1 })).standard, service };
};

const near = (vector: unknown, expected: Float32Array): boolean =>
  vector instanceof Float32Array && vector.length === expected.length && vector.every((x, i) => Math.abs(x - (expected[i] ?? 0)) < 1e-6);

const textsOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `text number ${index}`);
const once =
  (fault: Fault) =>
  (_: Asked, index: number): Fault | undefined =>
    index === 0 ? fault : undefined;

/** Nothing of an error that is told or logged may hold the key, a text, or a vendor's words. */
const expectDiscreet = (error: unknown): void => {
  for (let one = error as Error | undefined; one !== undefined; one = one.cause as Error | undefined) {
    expect(`${one.message ?? one}`).not.toMatch(/secret|text number|hello/);
    if (!(one instanceof Error)) break;
  }
};

describe.each(vendors)('$name', (vendor) => {
  test('gives each text its vector, of length 1, in order, over many requests', async () => {
    const { embedder, service } = await against(vendor, undefined, { NEXUS_EMBEDDER_BATCH_INPUTS: '7', NEXUS_EMBEDDER_CONCURRENCY: '3' });
    const texts = textsOf(100);
    const vectors = await embedder.embedDocuments(texts);
    expect(vectors).toHaveLength(100);
    expect(vectors.every((vector, index) => near(vector, unitVectorOf(texts[index] as string)))).toBe(true);
    expect(service.asked.map((asked) => asked.texts.length).sort((a, b) => a - b)).toEqual([2, ...Array(14).fill(7)]);
    expect(service.asked.every(vendor.authorised)).toBe(true);
  });

  test('tells documents from queries as the service wants it', async () => {
    const { embedder, service } = await against(vendor);
    await embedder.embedDocuments(['a document']);
    await embedder.embedQuery('a query');
    expect(service.asked.map(vendor.use)).toEqual([vendor.uses.document, vendor.uses.query]);
  });

  test('puts the prefixes of E5-like models before documents and queries', async () => {
    const { embedder, service } = await against(vendor, undefined, { NEXUS_EMBEDDER_DOCUMENT_PREFIX: 'passage: ', NEXUS_EMBEDDER_QUERY_PREFIX: 'query: ' });
    await embedder.embedDocuments(['one']);
    await embedder.embedQuery('two');
    expect(service.asked.flatMap(({ texts }) => texts)).toEqual(['passage: one', 'query: two']);
  });

  test('names itself by provider, model and dimension', async () => {
    const { embedder } = await against(vendor);
    expect(embedder.model).toMatch(new RegExp(`^${vendor.name}/.+@${dimension}$`));
    expect(embedder.dimension).toBe(dimension);
  });

  test.each<[string, Fault]>([
    ['429', { status: 429 }],
    ['429 with Retry-After in seconds', { status: 429, retryAfter: '0' }],
    ['429 with Retry-After as a date', { status: 429, retryAfter: new Date(0).toUTCString() }],
    ['500', { status: 500 }],
    ['502 from a proxy', { status: 502, body: '<html>' }],
    ['503', { status: 503 }],
    ['a connection that is reset', 'reset'],
    ['an answer that is cut off', 'cut'],
    ['a page in HTML', 'html'],
    ['an answer of another shape', 'other-shape'],
    ['a vector too few', 'short'],
    ['a vector too many', 'long'],
  ])('takes %s, once, for an accident', async (_, fault) => {
    const { embedder, service } = await against(vendor, once(fault));
    expect((await embedder.embedDocuments(textsOf(3))).map((vector) => vector instanceof Float32Array)).toEqual([true, true, true]);
    expect(await embedder.embedQuery('q')).toHaveLength(dimension);
    expect(service.asked.length).toBeGreaterThan(2);
  });

  test('an answer that does not come in time is asked for again', async () => {
    const { embedder } = await against(vendor, once('hang'), { NEXUS_EMBEDDER_TIMEOUT_MS: '300' });
    expect(await embedder.embedQuery('q')).toHaveLength(dimension);
  });

  test.each<[string, Fault]>([
    ['400', { status: 400 }],
    ['413', { status: 413 }],
    ['422', { status: 422 }],
    ['500', { status: 500 }],
    ['JSON that is none', 'not-json'],
    ['numbers that are none', 'not-a-number'],
    ['a vector of zeros', 'zero'],
    ['numbers without an end', 'huge-numbers'],
    ['a vector too few', 'short'],
  ])('a text that is answered with %s is refused alone, its neighbours are embedded', async (_, fault) => {
    const bad = 'text number 5';
    // Faults of the first vector hit the bad text only when it stands first.
    const spoils = ({ texts }: Asked): Fault | undefined =>
      texts.includes(bad) && (typeof fault === 'object' || ['not-json', 'short'].includes(fault as string) || texts[0] === bad) ? fault : undefined;
    const texts = [bad, ...textsOf(12).filter((text) => text !== bad)];
    const { embedder } = await against(vendor, spoils);
    const vectors = await embedder.embedDocuments(texts);
    expect(vectors.map((vector) => vector instanceof RefusedTextError)).toEqual(texts.map((text) => text === bad));
    expectDiscreet(vectors[0]);
    await expect(embedder.embedQuery(bad)).rejects.toBeInstanceOf(RefusedTextError);
  });

  test.each<[string, Fault]>([
    ['a wrong key', { status: 401, body: { error: { message: `Incorrect key ${secret}`, code: secret } } }],
    ['an account without rights', { status: 403 }],
    ['a model that is not there', { status: 404 }],
    ['an account without money', { status: 429, body: { error: { code: 'insufficient_quota' } } }],
    ['a redirect', { status: 302 }],
  ])('%s is told at once, and is no fault of the texts', async (_, fault) => {
    const { embedder, service } = await against(vendor, () => fault);
    const error = await embedder.embedDocuments(textsOf(3)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'nexus.upstream_unavailable', retryAfterSeconds: expect.any(Number) });
    expectDiscreet(error);
    expect(service.asked).toHaveLength(1);
  });

  test.each<[string, Fault, string]>([
    ['400 to everything, as a wrong setting is', { status: 400 }, 'nexus.upstream_unavailable'],
    ['500 to everything', { status: 500 }, 'nexus.upstream_unavailable'],
    ['503 to everything', { status: 503 }, 'nexus.upstream_unavailable'],
    ['Retry-After of a day', { status: 503, retryAfter: '86400' }, 'nexus.upstream_unavailable'],
    ['resets only', 'reset', 'nexus.upstream_unavailable'],
    ['pages in HTML only', 'html', 'nexus.upstream_invalid'],
    ['numbers that are none to everything', 'not-a-number', 'nexus.upstream_invalid'],
    ['vectors of another dimension', 'wrong-dimension', 'nexus.upstream_invalid'],
  ])('%s condemns no text: the whole call can be tried again later', async (_, fault, code) => {
    const { embedder } = await against(vendor, () => fault);
    for (const call of [() => embedder.embedDocuments(textsOf(3)), () => embedder.embedQuery('q')]) {
      const error = await call().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code });
      expectDiscreet(error);
    }
  });

  test('a signal ends a call that waits, with its reason', async () => {
    const stopping = new AbortController();
    const { embedder } = await against(vendor, () => {
      setImmediate(() => stopping.abort(new Error('enough')));
      return { status: 503, retryAfter: '50' };
    });
    await expect(embedder.embedDocuments(textsOf(3), { signal: stopping.signal })).rejects.toThrow('enough');
  });

  test('no texts are no request', async () => {
    const { embedder, service } = await against(vendor);
    expect(await embedder.embedDocuments([])).toEqual([]);
    expect(service.asked).toEqual([]);
  });
});

describe('openai', () => {
  const [vendor] = vendors as [Vendor];

  test('items come in any order; they say their places', async () => {
    const { embedder } = await against(vendor, () => 'shuffled');
    const texts = textsOf(5);
    const vectors = await embedder.embedDocuments(texts);
    expect(vectors.every((vector, index) => near(vector, unitVectorOf(texts[index] as string)))).toBe(true);
  });

  test('two items of one place are no answer', async () => {
    const { embedder } = await against(vendor, once('same-index'));
    expect(await embedder.embedDocuments(textsOf(2))).toEqual(textsOf(2).map(() => expect.any(Float32Array)));
  });

  test('a server of one’s own needs no key, and gets none', async () => {
    const service = await startModelService();
    services.push(service);
    const env = z.object(embedderVariables).parse({ NEXUS_EMBEDDER: 'openai', ...vendor.env(service.url) });
    await (await buildEmbedders(env)).standard.embedQuery('q');
    expect(service.asked[0]?.headers.authorization).toBeUndefined();
  });

  test('a dimension is asked for of models that offer several, or when it is said so', async () => {
    const service = await startModelService();
    services.push(service);
    const asks = async (model: string, more: Record<string, string> = {}) => {
      const env = { NEXUS_EMBEDDER: 'openai', NEXUS_EMBEDDER_URL: service.url, NEXUS_EMBEDDER_MODEL: `${model}@${dimension}`, ...more };
      await (await buildEmbedders(z.object(embedderVariables).parse(env))).standard.embedQuery('q');
      return service.asked.at(-1)?.body.dimensions;
    };
    expect(await asks('text-embedding-3-small')).toBe(dimension);
    expect(await asks('nomic-embed-text')).toBeUndefined();
    expect(await asks('nomic-embed-text', { NEXUS_EMBEDDER_ASK_DIMENSION: 'true' })).toBe(dimension);
  });
});

describe('packing', () => {
  const [vendor] = vendors as [Vendor];

  test('holds to the tokens of a request; a text that is too long by itself goes alone', async () => {
    const { embedder, service } = await against(vendor, undefined, { NEXUS_EMBEDDER_BATCH_TOKENS: '100', NEXUS_EMBEDDER_CONCURRENCY: '1' });
    const texts = ['a'.repeat(200), 'b'.repeat(160), 'c'.repeat(1000), 'd'.repeat(40), '漢'.repeat(80)];
    await embedder.embedDocuments(texts);
    expect(service.asked.map((asked) => asked.texts.map((text) => text[0]).join(''))).toEqual(['ab', 'c', 'd漢']);
  });

  test('never has more requests on the way than it may, over all calls together', async () => {
    let [now, most] = [0, 0];
    const counted: typeof fetch = async (...args) => {
      most = Math.max(most, ++now);
      return fetch(...args).finally(() => now--);
    };
    const service = await startModelService(undefined, 5);
    services.push(service);
    const env = z
      .object(embedderVariables)
      .parse({ NEXUS_EMBEDDER: 'openai', NEXUS_EMBEDDER_CONCURRENCY: '3', NEXUS_EMBEDDER_BATCH_INPUTS: '1', ...vendor.env(service.url) });
    const { standard } = await buildEmbedders(env, undefined, counted);
    await Promise.all([standard.embedDocuments(textsOf(10)), standard.embedDocuments(textsOf(10))]);
    expect([most, service.asked.length]).toEqual([3, 20]);
  });

  test('10,000 texts are embedded exactly once each while one request in twenty fails', async () => {
    // Every twentieth request fails, whatever it asks.
    const { embedder, service } = await against(vendor, (_, index) => (index % 20 === 7 ? { status: 503 } : undefined));
    const texts = textsOf(10_000);
    const vectors = await embedder.embedDocuments(texts);
    expect(vectors.every((vector, index) => near(vector, unitVectorOf(texts[index] as string)))).toBe(true);
    const embedded = service.asked.filter((_, index) => index % 20 !== 7).flatMap((asked) => asked.texts);
    expect(embedded).toHaveLength(10_000);
    expect(new Set(embedded).size).toBe(10_000);
  });
});
