import { describe, expect, test } from 'vitest';
import { errorAnswer, NexusError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { expectRefusal, type Runner, startEdge } from './edge-under-test.ts';
import { bearerWith } from './tokens.ts';

const ask = async (runner: Runner, path = '/nexus/spaces/s1', method = 'GET') => {
  const edge = startEdge({ runner });
  return { edge, answer: await edge.request(path, { method, headers: await bearerWith() }) };
};
const blob = '/nexus/spaces/s1/blobs/a.txt';

describe('an answer of the runner', () => {
  test('is passed on with its status, body and allowed headers, and none of the others', async () => {
    const { answer } = await ask(() =>
      Response.json(
        { ok: 1 },
        {
          status: 202,
          headers: {
            location: '/nexus/tasks/x',
            'retry-after': '3',
            'server-timing': 'a;dur=1',
            etag: '"e"',
            'x-request-id': 'of the runner',
            'x-nexus-internal': 'secret',
            'set-cookie': 'a=b',
            server: 'node',
          },
        },
      ),
    );
    expect(answer.status).toBe(202);
    expect(await answer.json()).toEqual({ ok: 1 });
    expect(Object.fromEntries(answer.headers)).toEqual({
      'content-type': 'application/json',
      location: '/nexus/tasks/x',
      'retry-after': '3',
      'server-timing': 'a;dur=1',
      etag: '"e"',
      'x-request-id': 'req_1',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'strict-transport-security': 'max-age=31536000',
      'x-frame-options': 'DENY',
    });
  });

  test('is streamed: its first bytes arrive while the runner still writes', async () => {
    let finish = () => {};
    const { answer } = await ask(() => {
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('[1'));
          finish = () => {
            controller.enqueue(new TextEncoder().encode(',2]'));
            controller.close();
          };
        },
      });
      return new Response(body, { headers: { 'content-type': 'application/json' } });
    });
    const reader = answer.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('[1');
    finish();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(',2]');
  });

  test('that breaks off in the middle breaks off at the caller, too', async () => {
    const { answer } = await ask(() => {
      let pulls = 0;
      const body = new ReadableStream({
        pull(controller) {
          if (pulls++ === 0) controller.enqueue(new TextEncoder().encode('[1'));
          else controller.error(new Error('connection lost'));
        },
      });
      return new Response(body, { headers: { 'content-type': 'application/json' } });
    });
    await expect(answer.text()).rejects.toThrow('connection lost');
  });

  test('keeps its own cache-control', async () => {
    const { answer } = await ask(() => new Response('x', { headers: { 'cache-control': 'private, max-age=60' } }), blob);
    expect(answer.headers.get('cache-control')).toBe('private, max-age=60');
  });

  test('of a file may be of any type, partial, and unchanged', async () => {
    const range = { status: 206, headers: { 'content-type': 'application/pdf', 'content-range': 'bytes 0-1/9', 'accept-ranges': 'bytes' } };
    const partial = (await ask(() => new Response('%P', range), blob)).answer;
    expect([partial.status, partial.headers.get('content-range'), await partial.text()]).toEqual([206, 'bytes 0-1/9', '%P']);
    const unchanged = (await ask(() => new Response(null, { status: 304, headers: { etag: '"e"' } }), blob)).answer;
    expect([unchanged.status, unchanged.headers.get('etag'), await unchanged.text()]).toEqual([304, '"e"', '']);
  });

  test('to HEAD has headers and no body', async () => {
    const headers = { 'content-type': 'application/pdf', 'content-length': '1234', etag: '"e"' };
    const { edge, answer } = await ask(() => new Response(null, { headers }), blob, 'HEAD');
    expect(edge.asked[0]?.method).toBe('HEAD');
    expect([answer.status, answer.headers.get('content-length'), answer.headers.get('etag'), await answer.text()]).toEqual([200, '1234', '"e"', '']);
  });

  test('that was encoded on the way does not keep the length it had in that encoding', async () => {
    const headers = { 'content-type': 'application/json', 'content-length': '7', 'content-encoding': 'gzip' };
    expect((await ask(() => new Response('{"decoded":true}', { headers }))).answer.headers.get('content-length')).toBeNull();
  });

  test.each(['nexus.not_yet_visible', 'nexus.embedding_mismatch', 'nexus.internal', 'nexus.overloaded', 'auth.role_required'] as const)(
    'that is the error %s is passed on as it is',
    async (code) => {
      const { answer } = await ask(() => {
        const { status, headers, body } = errorAnswer(new NexusError(code, 'The words of the runner.', { retryAfterSeconds: 2 }), 'req_1');
        return Response.json(body, { status, headers });
      });
      expect((await expectRefusal(answer, code)).message).toBe('The words of the runner.');
      expect(answer.headers.get('retry-after')).toBe('2');
    },
  );
});

const json = { 'content-type': 'application/json' };
describe('502: an answer that is nonsense', () => {
  test.each<[string, Response]>([
    ['a page where JSON was promised', new Response('<html>', { headers: { 'content-type': 'text/html' } })],
    ['no type at all', new Response('{}', { headers: { 'content-type': '' } })],
    ['a redirect', new Response(null, { status: 302, headers: { location: 'https://evil.test' } })],
    ['a permanent redirect', new Response(null, { status: 308, headers: { location: '/x' } })],
    ['a 503 page of something in between', new Response('<html>', { status: 503, headers: { 'content-type': 'text/html' } })],
    ['a 500 in JSON that is not ours', new Response('{"message":"internal"}', { status: 500, headers: json })],
    ['a 404 in JSON that is not ours', new Response('{"detail":"Not Found"}', { status: 404, headers: json })],
    ['a 500 that is not even JSON', new Response('oops', { status: 500, headers: json })],
    ['a 500 without an end', new Response(new Uint8Array(limits.edgeReadsBodyBytes + 1), { status: 500, headers: json })],
    ['an error without a body', new Response(null, { status: 500 })],
  ])('%s', async (_, response) => {
    const { edge, answer } = await ask(() => response);
    const error = await expectRefusal(answer, 'nexus.upstream_invalid');
    expect(error.message).not.toMatch(/internal|evil|html/);
    expect(edge.logged).toMatchObject([{ level: 'error', event: 'request_failed', code: 'nexus.upstream_invalid', request_id: 'req_1' }]);
    expect(answer.headers.get('location')).toBeNull();
  });

  test('the grant was refused: the caller, whose credential is good, is not told 401', async () => {
    const { status, headers, body } = errorAnswer(new NexusError('auth.unauthenticated', 'No grant.'), 'req_1');
    const { answer } = await ask(() => Response.json(body, { status, headers }));
    await expectRefusal(answer, 'nexus.upstream_invalid');
    expect(answer.headers.get('www-authenticate')).toBeNull();
  });

  test('a page where the error of a file was expected', async () => {
    await expectRefusal(
      (await ask(() => new Response('<html>', { status: 404, headers: { 'content-type': 'text/html' } }), blob)).answer,
      'nexus.upstream_invalid',
    );
  });
});
