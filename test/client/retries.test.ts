import { describe, expect, test } from 'vitest';
import {
  AuthenticationError,
  BadRequestError,
  ConflictError,
  CursorInvalidError,
  createNexus,
  InvalidRequestError,
  NexusApiError,
  NexusClientError,
  NexusConnectionError,
  NexusTimeoutError,
  NotFoundError,
  PermissionError,
  RateLimitedError,
  ServerError,
} from '../../client/index.ts';
import { type ErrorCode, NexusError, type NexusErrorOptions } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { type Answer, type Answering, json, page, refusal, startFakeEdge } from './fake-edge.ts';

/** A client that does not really wait: `waits` holds how long it would have. */
const against = async (answering: Answering) => {
  const edge = await startFakeEdge(answering);
  const waits: number[] = [];
  const nexus = createNexus({ url: edge.url, token: 'tok', sleep: async (ms) => void waits.push(ms) });
  return { edge, waits, nexus };
};

const refused = (code: ErrorCode, options?: NexusErrorOptions): Answer => refusal(new NexusError(code, 'no', options));
const fine = page([], null);
const failingOnce =
  (first: Answer | 'reset'): Answering =>
  (_, index) =>
    index === 0 ? first : fine;

describe('a call that may be repeated is tried again', () => {
  test.each(['nexus.rate_limited', 'nexus.overloaded', 'nexus.upstream_unavailable', 'nexus.upstream_invalid', 'nexus.timeout'] as const)(
    'after %s',
    async (code) => {
      const { nexus, edge } = await against(failingOnce(refused(code)));
      expect((await nexus.space('s').query({ query: 'q' })).hits).toEqual([]);
      expect(edge.seen).toHaveLength(2);
    },
  );

  test('after a connection that was cut', async () => {
    const { nexus, edge } = await against(failingOnce('reset'));
    await nexus.space('s').query({ query: 'q' });
    expect(edge.seen).toHaveLength(2);
  });

  test('after a bad gateway that is not ours and has no envelope', async () => {
    const { nexus, edge } = await against(failingOnce({ status: 502, body: '<html>bad gateway</html>' }));
    await nexus.space('s').query({ query: 'q' });
    expect(edge.seen).toHaveLength(2);
  });

  test('never earlier than Retry-After says', async () => {
    const { nexus, waits } = await against(failingOnce(refused('nexus.overloaded', { retryAfterSeconds: 7 })));
    await nexus.space('s').query({ query: 'q' });
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThanOrEqual(7000);
    expect(waits[0]).toBeLessThan(7000 + limits.clientRetry.backoffMs);
  });

  test('a bounded number of times, with waits that stay below the growing bound', async () => {
    const { nexus, edge, waits } = await against(() => refused('nexus.upstream_unavailable'));
    await expect(nexus.space('s').describe()).rejects.toMatchObject({ code: 'nexus.upstream_unavailable' });
    expect(edge.seen).toHaveLength(limits.clientRetry.attempts);
    waits.forEach((ms, index) => {
      expect(ms).toBeLessThan(limits.clientRetry.backoffMs * 2 ** index);
    });
  });

  test('an ingest with one idempotency key for all tries and a new one for the next call', async () => {
    const accepted = json({ task_id: 'task_1' }, 202);
    const { nexus, edge } = await against((_, index) => (index === 0 ? 'reset' : accepted));
    await nexus.space('s').ingest({ documents: [{ text: 'a' }] });
    await nexus.space('s').ingest({ documents: [{ text: 'a' }] });
    const [first, second, third] = edge.seen.map(({ headers }) => headers['idempotency-key']);
    expect(first).toMatch(/^[\x21-\x7e]{8,255}$/);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });
});

describe('a call is not tried again', () => {
  test.each(['nexus_store.missing_route', 'nexus_blob_store.missing_route', 'nexus.internal', 'nexus.cursor_invalid', 'nexus.not_yet_visible'] as const)(
    'after %s',
    async (code) => {
      const { nexus, edge } = await against(() => refused(code, { retryAfterSeconds: 1 }));
      await expect(nexus.space('s').query({ query: 'q' })).rejects.toMatchObject({ code });
      expect(edge.seen).toHaveLength(1);
    },
  );

  test('when the server asks for a longer wait than the client has', async () => {
    const { nexus, edge } = await against(() => refused('nexus.rate_limited', { retryAfterSeconds: limits.clientRetry.retryAfterMaxMs / 1000 + 1 }));
    await expect(nexus.space('s').query({ query: 'q' })).rejects.toMatchObject({ retryAfterMs: limits.clientRetry.retryAfterMaxMs + 1000 });
    expect(edge.seen).toHaveLength(1);
  });

  test('after its caller has aborted it while it waited to be tried again', async () => {
    const edge = await startFakeEdge(() => refused('nexus.overloaded', { retryAfterSeconds: 50 }));
    const abort = new AbortController();
    const reason = new Error('enough');
    const answered: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      setImmediate(() => abort.abort(reason));
      return response;
    };
    const nexus = createNexus({ url: edge.url, token: 'tok', fetch: answered });
    await expect(nexus.space('s').query({ query: 'q' }, { signal: abort.signal })).rejects.toBe(reason);
    expect(edge.seen).toHaveLength(1);
  });
});

describe('a failure has its class', () => {
  test.each([
    ['nexus.malformed_json', BadRequestError],
    ['auth.unauthenticated', AuthenticationError],
    ['auth.role_required', PermissionError],
    ['nexus.not_found', NotFoundError],
    ['nexus.embedding_mismatch', ConflictError],
    ['nexus.cursor_invalid', CursorInvalidError],
    ['nexus.payload_too_large', InvalidRequestError],
    ['nexus.validation_failed', InvalidRequestError],
    ['nexus.rate_limited', RateLimitedError],
    ['nexus.internal', ServerError],
    ['nexus_store.missing_route', ServerError],
  ] as const)('%s', async (code, errorClass) => {
    const { nexus } = await against(() => refused(code, { retryAfterSeconds: 1 }));
    const error = await nexus
      .space('s')
      .query({ query: 'q' })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(errorClass);
    expect(error).toBeInstanceOf(NexusApiError);
    expect(error).toBeInstanceOf(NexusClientError);
    expect(error).toMatchObject({ code, name: errorClass.name });
  });
});

describe('a failure says what happened', () => {
  test('as the envelope does, field by field', async () => {
    const details = { issues: [{ path: 'limit', message: 'too big' }] };
    const { nexus } = await against(() => refusal(new NexusError('nexus.validation_failed', 'The request is not valid.', { details }), 'req_7'));
    const error = await nexus
      .space('s')
      .query({ query: 'q' })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NexusApiError);
    expect(error).toMatchObject({
      code: 'nexus.validation_failed',
      status: 422,
      requestId: 'req_7',
      retryable: false,
      details,
      message: 'The request is not valid.',
    });
  });

  test('with the status and the request id alone when the answer has no envelope', async () => {
    const { nexus } = await against(() => ({ status: 403, headers: { 'x-request-id': 'req_8' } }));
    await expect(nexus.space('s').blobs.head('a.txt')).rejects.toMatchObject({ code: 'http.403', status: 403, requestId: 'req_8' });
  });

  test('as a connection error when nobody listens', async () => {
    const { url, close } = await startFakeEdge(() => fine);
    await close();
    const querying = createNexus({ url, token: 'tok', sleep: async () => {} })
      .space('s')
      .query({ query: 'q' });
    await expect(querying).rejects.toBeInstanceOf(NexusConnectionError);
    await expect(querying).rejects.toThrow(/ECONNREFUSED/);
  });

  test('as a connection error when a success is not JSON', async () => {
    const { nexus } = await against(() => ({ body: '<html>' }));
    await expect(nexus.space('s').query({ query: 'q' })).rejects.toThrow(/JSON.*edge/);
  });

  test('as a timeout when there is no answer in time, and it is not tried again', async () => {
    const { nexus, edge } = await against(() => 'silence');
    await expect(nexus.space('s').query({ query: 'q' }, { timeoutMs: 30 })).rejects.toBeInstanceOf(NexusTimeoutError);
    // On a busy machine the time may be over before the request arrives.
    expect(edge.seen.length).toBeLessThanOrEqual(1);
  });

  test("with the signal's own reason when the caller aborts", async () => {
    const abort = new AbortController();
    const reason = new Error('changed my mind');
    const edge = await startFakeEdge(() => {
      abort.abort(reason);
      return fine;
    });
    const nexus = createNexus({ url: edge.url, token: 'tok' });
    await expect(nexus.space('s').query({ query: 'q' }, { signal: abort.signal })).rejects.toBe(reason);
  });
});
