import { describe, expect, test } from 'vitest';
import { newTenant } from './common-stack.ts';
import { guardedSpaces, ingestPath as ingest, issuePaths, queryPath as query, vectorSpacePath as vectors } from './guarded-spaces.ts';
import { expectRefusal } from './refusal.ts';

/** Bad input gets the code that the contract names, says what is wrong, and changes nothing: what stands in bodies. */

const { stack, call, post } = guardedSpaces();
const document = { id: 'b', text: 'b' };

describe('fields', () => {
  const bad: [string, string, unknown, string][] = [
    ['an unknown field', query, { query: 'x', colour: 'red' }, ''],
    ['an unknown field of a document', ingest, { documents: [{ ...document, colour: 'red' }] }, 'documents.0'],
    ['a tenant in the body', ingest, { documents: [document], tenant_id: 't_other' }, ''],
    ['a limit of 0', query, { query: 'x', limit: 0 }, 'limit'],
    ['a limit of 101', query, { query: 'x', limit: 101 }, 'limit'],
    ['a limit that is text', query, { query: 'x', limit: '10' }, 'limit'],
    ['an empty query', query, { query: '' }, 'query'],
    ['a query that is too long', query, { query: 'x'.repeat(8193) }, 'query'],
    ['neither query nor vector', query, {}, 'query'],
    ['a mode without its input', query, { vector: [1, 0, 0], mode: 'hybrid' }, 'query'],
    ['no documents', ingest, { documents: [] }, 'documents'],
    ['too many documents', ingest, { documents: Array.from({ length: 1001 }, (_, i) => ({ id: `${i}`, text: 'x' })) }, 'documents'],
    ['one id twice', ingest, { documents: [document, document] }, 'documents.1.id'],
    ['a document with nothing in it', ingest, { documents: [{ id: 'b' }] }, 'documents.0'],
    ['a document with two contents', ingest, { documents: [{ ...document, blob_ref: 'nexus://a' }] }, 'documents.0'],
    [
      'content that is not base64',
      ingest,
      { documents: [{ id: 'b', content: { media_type: 'text/plain', data_base64: '*' } }] },
      'documents.0.content.data_base64',
    ],
    ['an id with a control character', ingest, { documents: [{ id: 'a\u0000', text: 'x' }] }, 'documents.0.id'],
    ['an id that is too long', ingest, { documents: [{ id: 'x'.repeat(257), text: 'x' }] }, 'documents.0.id'],
    ['metadata in metadata', ingest, { documents: [{ ...document, metadata: { a: { b: 1 } } }] }, 'documents.0.metadata.a'],
    ['a reserved metadata key', ingest, { documents: [{ ...document, metadata: { doc_id: 'a' } }] }, 'documents.0.metadata'],
    ['a metadata key that SQL could read', ingest, { documents: [{ ...document, metadata: { "a' OR 1=1 --": 1 } }] }, 'documents.0.metadata'],
    ['too much metadata', ingest, { documents: [{ ...document, metadata: { a: 'x'.repeat(17_000) } }] }, 'documents.0.metadata'],
    ['a scope that is none', ingest, { documents: [document], scope: 'everybody' }, 'scope'],
  ];
  test.each(bad)('%s: 422 that names the place', async (_, path, body, place) => {
    const answer = await post(path, body);
    expectRefusal(answer, 'nexus.validation_failed');
    expect(
      issuePaths(answer).some((one) => one === place || one.startsWith(place)),
      answer.text,
    ).toBe(true);
  });

  test('query parameters that are not known, given twice or wrong: 422', async () => {
    for (const path of [
      '/nexus/spaces?x=1',
      '/nexus/spaces?limit=0',
      '/nexus/spaces?limit=1&limit=2',
      '/nexus/tasks?status=done',
      '/nexus/spaces/kept?scope=all',
    ])
      expectRefusal(await call('GET', path), 'nexus.validation_failed');
    expectRefusal(await post(`${query}?limit=1`, { query: 'x' }), 'nexus.validation_failed');
  });

  test.each([
    '{"query": "x", "__proto__": {"limit": 1}}',
    '{"query": "x", "filter": {"__proto__": {"year": 1}}}',
    '{"documents": [{"id": "b", "text": "b", "__proto__": {"x": 1}}]}',
    '{"documents": [{"id": "b", "text": "b", "metadata": {"__proto__": "x"}}]}',
    '{"documents": [{"id": "b", "text": "b", "metadata": {"__pro\\u0074o__": "x"}}]}',
    '{"__proto__": {"documents": []}, "documents": [{"id": "b", "text": "b"}]}',
  ])('%s: 422', async (body) => {
    for (const path of [query, ingest]) expectRefusal(await post(path, body), 'nexus.validation_failed');
  });

  test('several problems are told at once', async () => {
    const answer = await post(query, { query: '', limit: 0, mode: 'x', colour: 'red' });
    expect(issuePaths(answer).length).toBeGreaterThanOrEqual(4);
  });
});

describe('documents', () => {
  test.each([
    ['nothing that says which', {}],
    ['both ids and a filter', { doc_ids: ['a'], filter: { year: 2024 } }],
    ['no ids', { doc_ids: [] }],
    ['a filter that would take everything', { filter: {} }],
    ['an unknown field', { doc_ids: ['a'], all: true }],
  ])('to delete, with %s: 422', async (_, body) => {
    expectRefusal(await post('/nexus/spaces/kept/documents/delete', body), 'nexus.validation_failed');
  });

  test('to delete, by a filter that cannot be read: 422 nexus.filter_unsupported', async () => {
    for (const filter of [{ year: { like: 1 } }, { year: null }, { "year' OR 1=1": 1 }])
      expectRefusal(await post('/nexus/spaces/kept/documents/delete', { filter }), 'nexus.filter_unsupported');
  });

  test('to list or to read, with what is not known: 422', async () => {
    for (const path of ['/documents?limit=101', '/documents?filter=x', '/documents?more=1', '/documents/a?include=vector', '/documents/a?x=1'])
      expectRefusal(await call('GET', `/nexus/spaces/kept${path}`), 'nexus.validation_failed');
  });

  test('that are not there, whatever their name looks like: 404', async () => {
    for (const id of ['none', '..%2fkept', "a'%20OR%20'1'='1", '%25', 'a%00', 'x'.repeat(256)])
      expectRefusal(await call('GET', `/nexus/spaces/kept/documents/${id}`), 'nexus.not_found');
  });
});

describe('vectors', () => {
  test.each([
    ['null', [null, 0, 0]],
    ['text', ['NaN', 0, 0]],
    ['none', []],
    ['lists', [[1], 0, 0]],
    ['too many numbers', Array(4097).fill(0.1)],
  ])('of %s: 422', async (_, vector) => {
    expectRefusal(await post(`${vectors}/query`, { vector }), 'nexus.validation_failed');
    expectRefusal(await post(`${vectors}/ingest`, { documents: [{ id: 'w', vector }] }), 'nexus.validation_failed');
  });

  test('of a number that is no longer finite: 422', async () => {
    expectRefusal(await post(`${vectors}/query`, '{"vector": [1e999, 0, 0]}'), 'nexus.validation_failed');
    expectRefusal(await post(`${vectors}/ingest`, '{"documents": [{"id": "w", "vector": [-1e999, 0, 0]}]}'), 'nexus.validation_failed');
  });

  test.each([2, 4, 384])('of the wrong length %i: 409 nexus.embedding_mismatch', async (length) => {
    const vector = Array(length).fill(0.5);
    expectRefusal(await post(`${vectors}/query`, { vector }), 'nexus.embedding_mismatch');
    expectRefusal(await post(`${vectors}/ingest`, { documents: [{ id: 'w', vector }] }), 'nexus.embedding_mismatch');
  });

  test('where the space has another model, and texts where it has vectors: 409', async () => {
    expectRefusal(await post(ingest, { documents: [{ id: 'w', vector: [1, 0, 0] }] }), 'nexus.embedding_mismatch');
    expectRefusal(await post(`${vectors}/ingest`, { documents: [{ id: 'w', text: 'no vector' }] }), 'nexus.embedding_mismatch');
    expectRefusal(await call('PUT', vectors, { body: { dimension: 5 } }), 'nexus.embedding_mismatch');
    expectRefusal(await call('PUT', vectors, { body: { metric: 'l2' } }), 'nexus.embedding_mismatch');
  });
});

describe('filters and files', () => {
  test.each([
    { year: { like: '2%' } },
    { year: { gt: null } },
    { year: {} },
    { 'a b': 1 },
    { and: [] },
    { and: { year: 1 } },
    { year: { in: 'x' } },
    { "year' OR '1'='1": 1 },
    Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, 1])),
  ])('the filter %o: 422 nexus.filter_unsupported', async (filter) => {
    expectRefusal(await post(query, { query: 'x', filter }), 'nexus.filter_unsupported');
  });

  test.each([{ year: 'x' }, { year: { gt: true } }, { tags: 5 }, { updated_at: { gt: 'yesterday' } }])(
    'a literal of the wrong type, %o: 422 nexus.filter_unsupported',
    async (filter) => {
      expectRefusal(await post(query, { query: 'x', filter }), 'nexus.filter_unsupported');
    },
  );

  test('a filter that is nested too deep: 422', async () => {
    let filter: object = { year: 1 };
    for (let depth = 0; depth < 40; depth++) filter = { not: filter };
    expectRefusal(await post(query, { query: 'x', filter }), 'nexus.filter_unsupported');
  });

  test('a body that is nested deeper than any stack: an answer, not a crash', async () => {
    const deep = `{"query": "x", "filter": ${'{"not":'.repeat(100_000)}{}${'}'.repeat(100_000)}}`;
    const answer = await post(query, deep);
    expect([400, 422], answer.text.slice(0, 200)).toContain(answer.status);
  });

  test('a reranker that is not there: 422 nexus.rerank_unavailable', async () => {
    expectRefusal(await post(query, { query: 'x', rerank: true }), 'nexus.rerank_unavailable');
    expectRefusal(await post(query, { query: 'x', rerank: { top_n: 5 } }), 'nexus.rerank_unavailable');
  });

  test.each([
    'file:///etc/passwd',
    'gs://bucket/x',
    's3://bucket/x',
    'https://example.com/x',
    'http://127.0.0.1/',
    '/etc/passwd',
    'nexus://../x',
    'nexus:///x',
    'nexus://',
    'NEXUS://x',
    'x',
  ])('the blob_ref %s: 422 nexus.blob_ref_forbidden', async (blob_ref) => {
    expectRefusal(await post(ingest, { documents: [{ id: 'b', blob_ref }] }), 'nexus.blob_ref_forbidden');
  });

  test('a blob_ref to a file that nobody uploaded: 422 that names it', async () => {
    const answer = await post(ingest, { documents: [document, { id: 'c', blob_ref: 'nexus://missing.txt' }] });
    expectRefusal(answer, 'nexus.validation_failed');
    expect(issuePaths(answer)).toEqual(['documents.1.blob_ref']);
  });

  test('an Idempotency-Key that is none: 422', async () => {
    for (const key of ['', 'a b', 'x'.repeat(256)])
      expectRefusal(await post(ingest, { documents: [document] }, { headers: { 'idempotency-key': key } }), 'nexus.validation_failed');
  });
});

test('names that JavaScript itself uses are keys like any others', async () => {
  const other = await stack.token({ tenant: newTenant() });
  const metadata = { constructor: 'a', toString: 'b', hasOwnProperty: 'c', valueOf: 'd' };
  const task = await stack.ingestAndWait(other, 's', {
    documents: [
      { id: 'a', text: 'x', metadata },
      { id: 'b', text: 'x' },
    ],
  });
  expect(task.counts).toMatchObject({ written: 2, failed: 0 });
  const { body } = await stack.call('POST', '/nexus/spaces/s/query', {
    token: other,
    body: { query: 'x', filter: { constructor: 'a', toString: { starts_with: 'b' } } },
  });
  expect(body.hits.map((hit: object) => ({ ...(hit as { metadata: object }).metadata }))).toEqual([metadata]);
  expect((await stack.call('GET', '/nexus/spaces/s', { token: other })).body.fields).toEqual(
    Object.fromEntries(Object.keys(metadata).map((key) => [key, 'string'])),
  );
});
