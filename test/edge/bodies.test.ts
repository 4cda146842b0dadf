import { describe, expect, test } from 'vitest';
import { openGrant } from '../../shared/grant.ts';
import { limits } from '../../shared/limits.ts';
import { type EdgeUnderTest, expectRefusal, expectRefusedAtTheEdge, grantSecret, nowMs, type Runner, startEdge } from './edge-under-test.ts';
import { bearerWith } from './tokens.ts';

const ingestPath = '/nexus/spaces/s1/ingest';
const blobPath = '/nexus/spaces/s1/blobs/big.bin';
const chunk = 64 * 1024;

/** A body that is made while it is read. `pulled` tells how much of it anybody wanted. */
const bodyOf = (bytes: number) => {
  let left = bytes;
  const state = { pulled: 0, cancelled: false };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const length = Math.min(chunk, left);
      left -= length;
      state.pulled += length;
      if (length > 0) controller.enqueue(new Uint8Array(length).fill(32));
      else controller.close();
    },
    cancel() {
      state.cancelled = true;
    },
  });
  return { stream, state };
};

const send = async (edge: EdgeUnderTest, path: string, method: string, stream: ReadableStream<Uint8Array>, headers: Record<string, string> = {}) =>
  edge.request(path, {
    method,
    headers: { ...(await bearerWith()), 'content-type': 'application/json', ...headers },
    body: stream,
    duplex: 'half',
  } as RequestInit);

const grantOf = async (edge: EdgeUnderTest, method: string, path: string) =>
  openGrant(edge.asked[0]?.headers.get('x-nexus-grant') ?? undefined, { method, path, query: '' }, grantSecret, nowMs);

describe('a JSON body above what the edge reads', () => {
  const bytes = 3 * 1024 * 1024;

  test.each([true, false])('streams through whole and unjudged, with a declared length: %s', async (declared) => {
    const edge = startEdge();
    const answer = await send(edge, ingestPath, 'POST', bodyOf(bytes).stream, declared ? { 'content-length': String(bytes) } : {});
    expect(answer.status).toBe(200);
    expect(edge.asked[0]?.body?.length).toBe(bytes);
    expect(edge.asked[0]?.outgoing.duplex).toBe('half');
    expect((await grantOf(edge, 'POST', ingestPath))?.body_sha256, 'no hash of a body that was not read').toBeUndefined();
    expect(edge.timers[0]?.delayMs).toBe(limits.uploadTimeoutMs);
  });

  test('just within what the edge reads is judged', async () => {
    const edge = startEdge();
    const answer = await send(edge, ingestPath, 'POST', bodyOf(limits.edgeReadsBodyBytes).stream);
    await expectRefusedAtTheEdge(edge, answer, 'nexus.malformed_json');
  });

  test('of an endpoint that takes no larger ones: 413', async () => {
    const edge = startEdge();
    const { stream, state } = bodyOf(10 * 1024 * 1024);
    await expectRefusedAtTheEdge(edge, await send(edge, '/nexus/spaces/s1/query', 'POST', stream), 'nexus.payload_too_large');
    expect(state.pulled, 'it stops reading there').toBeLessThan(limits.edgeReadsBodyBytes + 4 * chunk);
  });
});

describe.each<[string, string, string, number]>([
  ['an ingest request', ingestPath, 'POST', limits.ingestBodyBytes],
  ['a file', blobPath, 'PUT', limits.blobBytes],
])('%s', (_, path, method, maxBytes) => {
  test('of exactly the limit goes through', async () => {
    const edge = startEdge();
    expect((await send(edge, path, method, bodyOf(maxBytes).stream)).status).toBe(200);
    expect(edge.asked[0]?.body?.length).toBe(maxBytes);
  });

  test('over the limit that says so: 413, unread and unforwarded', async () => {
    const edge = startEdge();
    const { stream, state } = bodyOf(maxBytes + 1);
    const answer = await send(edge, path, method, stream, { 'content-length': String(maxBytes + 1) });
    const error = await expectRefusedAtTheEdge(edge, answer, 'nexus.payload_too_large');
    expect(error.details).toEqual({ max_bytes: maxBytes });
    expect(state.pulled).toBeLessThanOrEqual(2 * chunk);
  });

  test('over the limit that does not say so: 413, and the runner sees it broken off, never ended', async () => {
    let endedAtRunner = false;
    const edge = startEdge({
      runner() {
        endedAtRunner = true;
        return Response.json({});
      },
    });
    const { stream, state } = bodyOf(maxBytes + 10 * chunk);
    await expectRefusal(await send(edge, path, method, stream), 'nexus.payload_too_large');
    expect(endedAtRunner).toBe(false);
    expect(edge.asked[0]?.outgoing.signal.aborted, 'aborted before the stream fails, or workerd would end it well-formed').toBe(true);
    expect(state.cancelled, 'and the sender is told to stop').toBe(true);
  });
});

describe('a streamed body', () => {
  test('that its sender breaks off is broken off at the runner, and answered with an error', async () => {
    let pulls = 0;
    const broken = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (pulls++ < 3) controller.enqueue(new Uint8Array(chunk));
        else controller.error(new Error('connection reset'));
      },
    });
    let endedAtRunner = false;
    const runner: Runner = () => {
      endedAtRunner = true;
      return Response.json({});
    };
    const edge = startEdge({ runner });
    const answer = await send(edge, blobPath, 'PUT', broken);
    expect(answer.status).toBe(503);
    expect(endedAtRunner).toBe(false);
    expect(edge.asked[0]?.outgoing.signal.aborted).toBe(true);
  });

  test('is not sent twice: when its runner cannot be reached no other is asked', async () => {
    const edge = startEdge({ env: { NEXUS_RUNNERS: 'http://r1.test,http://r2.test' }, runner: () => Promise.reject(new TypeError('connection refused')) });
    await expectRefusal(await send(edge, blobPath, 'PUT', bodyOf(10).stream), 'nexus.upstream_unavailable');
    expect(edge.asked).toHaveLength(1);
  });

  test('of a file may be empty, and of any type', async () => {
    const edge = startEdge();
    const headers = { ...(await bearerWith()), 'content-type': 'application/pdf' };
    expect((await edge.request(blobPath, { method: 'PUT', headers })).status).toBe(200);
    expect(edge.asked[0]?.headers.get('content-type')).toBe('application/pdf');
    expect(edge.asked[0]?.body?.length).toBe(0);
  });
});

test.each([
  ['POST', ingestPath],
  ['PUT', blobPath],
])('a compressed body is refused, not stored as something else: 415 (%s)', async (method, path) => {
  const edge = startEdge();
  const answer = await send(edge, path, method, bodyOf(10).stream, { 'content-encoding': 'gzip' });
  await expectRefusedAtTheEdge(edge, answer, 'nexus.unsupported_media_type');
});

test('a JSON body that its sender breaks off: 400', async () => {
  const edge = startEdge();
  const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('connection reset')) });
  await expectRefusedAtTheEdge(edge, await send(edge, ingestPath, 'POST', broken), 'nexus.malformed_json');
});

describe('422, saying where', () => {
  test.each<[string, Record<string, unknown>, string]>([
    [
      'ingest',
      {
        documents: [
          { id: 'a', text: 'x' },
          { id: 'a', text: 'y' },
        ],
      },
      'documents.1.id',
    ],
    ['ingest', { documents: [{ text: 'x', blob_ref: 'nexus://a' }] }, 'documents.0'],
    ['ingest', { documents: [{ text: 'x', metadata: { doc_id: 'x' } }] }, 'documents.0.metadata'],
    ['ingest', { documents: [] }, 'documents'],
    ['query', { vector: [1, null] }, 'vector.1'],
    ['query', { vector: [1, 'NaN'] }, 'vector.1'],
    ['query', { vector: [] }, 'vector'],
    ['query', { mode: 'vector' }, 'query'],
    ['query', { query: 'x', limit: 101 }, 'limit'],
  ])('%s %j', async (verb, body, path) => {
    const edge = startEdge();
    const headers = { ...(await bearerWith()), 'content-type': 'application/json' };
    const answer = await edge.request(`/nexus/spaces/s1/${verb}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const error = await expectRefusedAtTheEdge(edge, answer, 'nexus.validation_failed');
    expect((error.details as { issues: { path: string }[] }).issues.map((issue) => issue.path)).toContain(path);
  });
});

describe('where no body is taken', () => {
  const ask = async (body: string | undefined, path = '/nexus/spaces/s1', method = 'DELETE') => {
    const edge = startEdge({ runner: () => Response.json({ task_id: 'task_1' }, { status: 202 }) });
    return { edge, answer: await edge.request(path, { method, headers: await bearerWith(), ...(body === undefined ? {} : { body }) }) };
  };

  test.each([
    ['DELETE', '/nexus/spaces/s1', '{"scope":"global"}'],
    ['DELETE', '/nexus/spaces/s1/documents/d', '{"doc_ids":["e"]}'],
    ['POST', '/nexus/spaces/s1/haze/snapshot', '{"scope":"global"}'],
    ['POST', '/nexus/spaces/s1/haze/snapshot', ' '.repeat(100_000)],
  ])('%s %s refuses one, which might mean another space', async (method, path, body) => {
    const { edge, answer } = await ask(body, path, method);
    const { message } = await expectRefusedAtTheEdge(edge, answer, 'nexus.validation_failed');
    expect(message).toContain('query string');
  });

  test.each([undefined, '', '{}', ' { }\n'])('%j says nothing, and passes', async (body) => {
    const { edge, answer } = await ask(body);
    expect([answer.status, edge.asked[0]?.body]).toEqual([202, undefined]);
  });
});
