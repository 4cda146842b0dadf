import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { guardedSpaces, ingestPath as ingest, queryPath as query } from './guarded-spaces.ts';
import { expectRefusal } from './refusal.ts';

/** Bad input gets the code that the contract names, says what is wrong, and changes nothing: bodies as a whole. */

const { call, post } = guardedSpaces();

describe('bodies', () => {
  test.each([
    ['nothing', ''],
    ['half an object', '{"query": '],
    ['two values', '{} {}'],
    ['a trailing comma', '{"query": "x",}'],
    ['NaN', '{"vector": [NaN, 0, 0]}'],
    ['Infinity', '{"vector": [Infinity, 0, 0]}'],
    ['text in UTF-16', Buffer.from('{"query": "x"}', 'utf16le')],
    ['bytes that are not UTF-8', Buffer.concat([Buffer.from('{"query": "'), Buffer.from([0xff, 0xc0]), Buffer.from('"}')])],
  ])('%s: 400 nexus.malformed_json', async (_, body) => {
    for (const path of [query, ingest]) expectRefusal(await post(path, body), 'nexus.malformed_json');
    expectRefusal(await call('PUT', '/nexus/spaces/kept', { body }), 'nexus.malformed_json');
  });

  test('random bytes: refused in the envelope, whatever they are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 400 }), fc.constantFrom(query, ingest), async (bytes, path) => {
        const answer = await post(path, bytes);
        expect([400, 422]).toContain(answer.status);
        expectRefusal(answer, answer.body.error.code);
      }),
      { numRuns: 200 },
    );
  });

  test('any JSON that is no request: 422, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.constantFrom(query, ingest), async (value, path) => {
        expectRefusal(await post(path, JSON.stringify(value)), 'nexus.validation_failed');
      }),
      { numRuns: 200 },
    );
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonx', 'text/json', ''])(
    'the content type %s: 415',
    async (type) => {
      for (const path of [query, ingest])
        expectRefusal(await post(path, { query: 'x' }, { headers: { 'content-type': type } }), 'nexus.unsupported_media_type');
    },
  );

  test('a compressed body: 415', async () => {
    expectRefusal(await post(ingest, Buffer.from([0x1f, 0x8b]), { headers: { 'content-encoding': 'gzip' } }), 'nexus.unsupported_media_type');
  });

  test.each([
    ['an ingest of 25 MiB', 'POST', ingest, 25 * 1024 * 1024],
    ['a query over what the edge reads', 'POST', query, limits.edgeReadsBodyBytes + 1],
    ['settings over what the edge reads', 'PUT', '/nexus/spaces/kept', limits.edgeReadsBodyBytes + 1],
    ['a file over 30 MiB', 'PUT', '/nexus/spaces/kept/blobs/large', limits.blobBytes + 1],
  ])('%s: 413 that names the limit, with and without a length', async (_, method, path, bytes) => {
    const body = Buffer.alloc(bytes, 0x20);
    for (const chunked of [false, true]) {
      const answer = await call(method, path, { body, chunked });
      expectRefusal(answer, 'nexus.payload_too_large');
      expect(answer.body.error.details.max_bytes).toBeLessThan(bytes);
    }
    expectRefusal(await call('GET', '/nexus/spaces/kept/blobs/large'), 'nexus.not_found');
  });

  const padding = ' '.repeat(2 * limits.edgeReadsBodyBytes);
  test.each<[string, string, ErrorCode]>([
    ['that is not JSON', `{"documents": [${padding}`, 'nexus.malformed_json'],
    ['with an unknown field', `{"documents": [{"id": "b", "text": "b"}], "more": 1${padding}}`, 'nexus.validation_failed'],
    ['with a __proto__ key', `{"documents": [{"id": "b", "text": "b", "__proto__": {}}]${padding}}`, 'nexus.validation_failed'],
    ['with a space id in it', `{"documents": [{"id": "b", "text": "b"}], "space_id": "x"${padding}}`, 'nexus.validation_failed'],
  ])('a body that streams through the edge, %s, is refused by the runner', async (_, body, code) => {
    expectRefusal(await post(ingest, body), code);
  });
});
