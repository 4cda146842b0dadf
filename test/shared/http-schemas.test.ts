import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NexusError } from '../../shared/errors.ts';
import { blobNameSchema } from '../../shared/http/blobs.ts';
import { deleteDocumentsBodySchema, documentsQuerySchema } from '../../shared/http/documents.ts';
import { endpointList } from '../../shared/http/endpoints.ts';
import { hazePointsQuerySchema } from '../../shared/http/haze.ts';
import { idempotencyKeySchema, ingestBodySchema } from '../../shared/http/ingest.ts';
import { declaredLength, parseJson, parseWith, queryFields, requireJsonType } from '../../shared/http/parse.ts';
import { modeOf, queryRequestSchema } from '../../shared/http/query.ts';
import { settingsBodySchema } from '../../shared/http/spaces.ts';
import { limits } from '../../shared/limits.ts';
import { runs } from '../scale.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof NexusError) return error.code;
    throw error;
  }
  return 'none';
};
const takes = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown): boolean => schema.safeParse(value).success;
const document = (over: Record<string, unknown> = {}) => ({ documents: [{ text: 'hello', ...over }] });

describe('bytes of a body', () => {
  test.each(['', '{', 'nul', '{"a":1,}', "{'a':1}", '{"a":1}x', 'NaN'])('%j is malformed JSON', (text) => {
    expect(codeOf(() => parseJson(bytesOf(text)))).toBe('nexus.malformed_json');
  });

  test('that are not UTF-8 are malformed JSON', () => {
    expect(codeOf(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22)))).toBe('nexus.malformed_json');
    expect(codeOf(() => parseJson(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)))).toBe('nexus.malformed_json');
  });

  test.each(['{"__proto__":{}}', '{"a":[{"b":{"__proto__":1}}]}', '{"\\u005f_proto__":1}', '{"_\\u005Fproto__":1}', '[[{"\\u005f\\u005f\\u0070roto__":0}]]'])(
    '%s is refused: no honest field is called __proto__',
    (text) => {
      expect(codeOf(() => parseJson(bytesOf(text)))).toBe('nexus.validation_failed');
    },
  );

  test('may say __proto__ in a value', () => {
    expect(parseJson(bytesOf('{"a":"__proto__","b":"\\u005f_proto__"}'))).toEqual({ a: '__proto__', b: '__proto__' });
  });

  test('nested deeper than the stack break nothing', () => {
    const depth = 200_000;
    const deep = `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(codeOf(() => parseJson(bytesOf(`{"u":"\\u0061","a":${deep}}`)))).toBe('none');
    expect(codeOf(() => parseJson(bytesOf(`{"a":${'['.repeat(depth)}{"__proto__":1}${']'.repeat(depth)}}`)))).toBe('nexus.validation_failed');
  });

  test('of any kind are a value, malformed, or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(['none', 'nexus.malformed_json', 'nexus.validation_failed']).toContain(codeOf(() => parseJson(bytes)));
      }),
      runs(500),
    );
  });
});

describe('headers and parameters', () => {
  test.each([undefined, null, '', 'text/plain', 'application/jsonx', 'application/ld+json', ';application/json'])('the content type %j is not JSON', (type) => {
    expect(codeOf(() => requireJsonType(type))).toBe('nexus.unsupported_media_type');
  });

  test.each(['application/json', 'Application/JSON ; charset=utf-8'])('the content type %j is', (type) => {
    expect(codeOf(() => requireJsonType(type))).toBe('none');
  });

  test('a length is a number of digits or unknown', () => {
    expect(['12', '0', '', '-1', '1e3', '0x1', ' 1', '1'.repeat(16), null, undefined].map(declaredLength)).toEqual([12, 0, ...Array(8).fill(undefined)]);
  });

  test('a parameter that is given twice is taken by no schema', () => {
    const fields = queryFields(new URLSearchParams('limit=1&limit=2&cursor=x'));
    expect(fields.cursor).toBe('x');
    for (const { query } of endpointList) if (query !== undefined) expect(takes(query, fields)).toBe(false);
  });

  test('a parameter called __proto__ changes no object, and is refused', () => {
    const fields = queryFields(new URLSearchParams('__proto__=1'));
    expect(Object.getPrototypeOf(fields)).toBe(Object.prototype);
    for (const { query } of endpointList) if (query !== undefined) expect(takes(query, fields)).toBe(false);
  });
});

describe('unknown fields', () => {
  const good: Record<string, Record<string, unknown>> = {
    ingest: document(),
    query: { query: 'x' },
    putSpace: { metric: 'cosine' },
    deleteDocuments: { doc_ids: ['a'] },
    kpi: { metrics: [{ metric: 'cpc', measurements: [] }] },
    hazeSearch: { query: 'hello' },
  };

  test.each(endpointList.flatMap(({ id, body }) => (body?.kind === 'json' ? [[id, body.schema] as const] : [])))(
    'are refused in the body of %s, by name',
    (id, schema) => {
      expect(takes(schema, good[id])).toBe(true);
      expect(() => parseWith(schema, { ...good[id], surprise: 1 })).toThrow('unknown field surprise');
      for (const wrong of [null, [], 'x', 1, undefined]) expect(takes(schema, wrong)).toBe(false);
    },
  );

  test.each(endpointList.flatMap(({ id, query }) => (query === undefined ? [] : [[id, query] as const])))('are refused in the query of %s', (_, schema) => {
    expect(takes(schema, {})).toBe(true);
    expect(takes(schema, { surprise: '1' })).toBe(false);
  });

  test('are refused inside documents, chunking, fusion and weights', () => {
    expect(takes(ingestBodySchema, document({ title: 'x' }))).toBe(false);
    expect(takes(ingestBodySchema, { ...document(), chunking: { size: 1 } })).toBe(false);
    expect(takes(ingestBodySchema, { documents: [{ content: { media_type: 'text/plain', data_base64: '', name: 'x' } }] })).toBe(false);
    expect(takes(queryRequestSchema, { query: 'x', fusion: { weight: 1 } })).toBe(false);
    expect(takes(queryRequestSchema, { query: 'x', fusion: { weights: { both: 1 } } })).toBe(false);
  });
});

describe('a document to ingest', () => {
  test.each([
    { text: 'a' },
    { text: '' },
    { blob_ref: 'nexus://a' },
    { content: { media_type: 'text/plain', data_base64: 'YQ==' } },
    { vector: [1, 2] },
    { text: 'a', vector: [0] },
    { text: 'a', id: 'x'.repeat(limits.documentIdChars), type: 't'.repeat(limits.documentTypeChars) },
    { text: 'a', id: 'a/b#c .. ä 😀' },
    { text: 'a', metadata: { s: 'x', n: 1.5, b: true, l: ['x', ''], e: [], nothing: null, 'A.b-c': 1 } },
  ])('may be %j', (one) => {
    expect(takes(ingestBodySchema, { documents: [one] })).toBe(true);
  });

  test.each([
    {},
    { id: 'x' },
    { text: 'a', blob_ref: 'nexus://a' },
    { text: 'a', content: { media_type: 'text/plain', data_base64: 'YQ==' } },
    { text: 1 },
    { text: null },
    { text: 'a', id: '' },
    { text: 'a', id: 'x'.repeat(limits.documentIdChars + 1) },
    { text: 'a', id: 'a\0' },
    { text: 'a', id: '\ud800' },
    { text: 'a', type: '' },
    { text: 'a', type: 't'.repeat(limits.documentTypeChars + 1) },
    { text: 'a', type: 'a\n' },
    { vector: [] },
    { vector: ['1'] },
    { vector: [Number.NaN] },
    { vector: [Number.POSITIVE_INFINITY] },
    { vector: [1e16] },
    { vector: [null] },
    { content: { media_type: '', data_base64: '' } },
    { content: { media_type: 'text/plain', data_base64: '%%%' } },
    { content: { media_type: 'text/plain', data_base64: 'YQ=' } },
    { blob_ref: '' },
    { text: 'a', metadata: { and: 1 } },
    { text: 'a', metadata: { doc_id: 1 } },
    { text: 'a', metadata: { 'a b': 1 } },
    { text: 'a', metadata: { a: {} } },
    { text: 'a', metadata: { a: [1] } },
    { text: 'a', metadata: { a: [null] } },
    { text: 'a', metadata: [] },
  ])('may not be %j', (one) => {
    expect(takes(ingestBodySchema, { documents: [one] })).toBe(false);
  });

  test('has limits of dimension, of metadata, and a request of documents', () => {
    const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 1]));
    const many = (count: number) => ({ documents: Array.from({ length: count }, () => ({ text: 'a' })) });
    expect(takes(ingestBodySchema, document({ vector: Array(limits.maxDimension).fill(1) }))).toBe(true);
    expect(takes(ingestBodySchema, document({ vector: Array(limits.maxDimension + 1).fill(1) }))).toBe(false);
    expect(takes(ingestBodySchema, document({ metadata: keys(limits.metadataKeys) }))).toBe(true);
    expect(takes(ingestBodySchema, document({ metadata: keys(limits.metadataKeys + 1) }))).toBe(false);
    // In bytes, not characters: each ä is two.
    expect(takes(ingestBodySchema, document({ metadata: { a: 'ä'.repeat(limits.metadataBytes / 2 - 4) } }))).toBe(true);
    expect(takes(ingestBodySchema, document({ metadata: { a: 'ä'.repeat(limits.metadataBytes / 2 - 3) } }))).toBe(false);
    expect(takes(ingestBodySchema, many(limits.documentsPerRequest))).toBe(true);
    expect(takes(ingestBodySchema, many(limits.documentsPerRequest + 1))).toBe(false);
    expect(takes(ingestBodySchema, { documents: [] })).toBe(false);
  });

  test('cannot have the id of another in the same request, and which one is told', () => {
    expect(() => parseWith(ingestBodySchema, { documents: [{ text: 'a', id: 'x' }, { text: 'b' }, { text: 'c', id: 'x' }] })).toThrow(
      'documents.2.id: is used twice',
    );
  });
});

describe('a query', () => {
  test.each([
    { query: 'x' },
    { vector: [1] },
    { query: 'x', vector: [1] },
    { vector: [1], mode: 'vector' },
    { query: 'x', mode: 'vector' },
    { query: 'x'.repeat(limits.queryChars), limit: limits.maxLimit, min_score: -1, rerank: { top_n: limits.rerankTopN }, group_by: 'doc_id' },
    { query: 'x', fusion: { k: 1, weights: { vector: 0, global: limits.fusionWeightMax }, caps: { tenant: 0, global: limits.windowHits } } },
  ])('may be %j', (request) => {
    expect(takes(queryRequestSchema, request)).toBe(true);
  });

  test.each([
    {},
    { query: '' },
    { query: 'x'.repeat(limits.queryChars + 1) },
    { vector: [1], mode: 'text' },
    { vector: [1], mode: 'hybrid' },
    { mode: 'vector' },
    { query: 'x', limit: 0 },
    { query: 'x', limit: limits.maxLimit + 1 },
    { query: 'x', limit: 1.5 },
    { query: 'x', limit: '10' },
    { query: 'x', mode: 'fast' },
    { query: 'x', select: ['everything'] },
    { query: 'x', group_by: 'type' },
    { query: 'x', scope: 'all' },
    { query: 'x', filter: 'a=1' },
    { query: 'x', rerank: { top_n: limits.rerankTopN + 1 } },
    { query: 'x', fusion: { k: 0 } },
    { query: 'x', fusion: { weights: { vector: -1 } } },
    { query: 'x', fusion: { weights: { text: limits.fusionWeightMax + 1 } } },
    { query: 'x', fusion: { caps: { tenant: limits.windowHits + 1 } } },
    { query: 'x', min_score: Number.NaN },
    { query: null },
  ])('may not be %j', (request) => {
    expect(takes(queryRequestSchema, request)).toBe(false);
  });

  test('is hybrid with text, and by vector with a vector alone', () => {
    expect([modeOf({ query: 'x' }), modeOf({ query: 'x', vector: [1] }), modeOf({ vector: [1] }), modeOf({ query: 'x', mode: 'text' })]).toEqual([
      'hybrid',
      'hybrid',
      'vector',
      'text',
    ]);
  });
});

describe('other requests', () => {
  test.each([
    {},
    { doc_ids: [] },
    { doc_ids: ['a'], filter: { a: 1 } },
    { filter: {} },
    { doc_ids: [''] },
    { doc_ids: Array(limits.deletesPerRequest + 1).fill('a') },
  ])('a delete may not be %j', (body) => {
    expect(takes(deleteDocumentsBodySchema, body)).toBe(false);
  });

  test.each([
    { embedding_model: '' },
    { dimension: 0 },
    { dimension: limits.maxDimension + 1 },
    { metric: 'hamming' },
    { language: 'english' },
    { fields: { a: 'int' } },
    { fields: { type: 'string' } },
  ])('settings may not be %j', (body) => {
    expect(takes(settingsBodySchema, body)).toBe(false);
  });

  test('a page of a list has a limit, and its filter is JSON', () => {
    expect(documentsQuerySchema.parse({ limit: '5', filter: '{"a":1}' })).toEqual({ limit: 5, filter: { a: 1 } });
    for (const limit of ['0', '101', '1.5', 'x', '']) expect(takes(documentsQuerySchema, { limit })).toBe(false);
    for (const filter of ['', '{', '[]', '1', '{"__proto__":{"eq":1}}', '{"a":{"\\u005f_proto__":1}}'])
      for (const schema of [documentsQuerySchema, hazePointsQuerySchema]) expect(takes(schema, { filter })).toBe(false);
  });

  test.each(['a', 'a/b.txt', 'ä😀', '%2e%2e', '...', 'a..b', 'x'.repeat(limits.blobNameBytes)])('a file may be called %j', (name) => {
    expect(takes(blobNameSchema, name)).toBe(true);
  });

  test.each([
    '',
    '/',
    '/a',
    'a/',
    'a//b',
    '.',
    '..',
    '../a',
    'a/../b',
    'a/.',
    'a\\b',
    'a\0',
    'a\n',
    '\ud800',
    'x'.repeat(limits.blobNameBytes + 1),
    'ä'.repeat(limits.blobNameBytes / 2 + 1),
  ])('a file may not be called %j', (name) => {
    expect(takes(blobNameSchema, name)).toBe(false);
  });

  test.each(['', 'a b', 'ä', 'a\n', 'x'.repeat(limits.idempotencyKeyChars + 1)])('an idempotency key may not be %j', (key) => {
    expect(takes(idempotencyKeySchema, key)).toBe(false);
  });

  test('every schema judges any JSON without breaking', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        for (const { body, query } of endpointList) {
          if (body?.kind === 'json') takes(body.schema, value);
          if (query !== undefined) takes(query, value);
        }
      }),
      runs(100),
    );
  });

  test('a bad request tells at most so many problems', () => {
    const body = { documents: Array.from({ length: 1000 }, () => ({ id: 1 })) };
    try {
      parseWith(ingestBodySchema, body);
      expect.unreachable();
    } catch (error) {
      expect((error as NexusError).details?.issues).toHaveLength(limits.issues);
    }
  });
});
