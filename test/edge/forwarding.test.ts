import { describe, expect, test } from 'vitest';
import { sha256Hex, utf8 } from '../../shared/bytes.ts';
import { openGrant } from '../../shared/grant.ts';
import { limits } from '../../shared/limits.ts';
import { preferredRunners } from '../../shared/routes.ts';
import { type Asked, type EdgeUnderTest, expectRefusal, expectRefusedAtTheEdge, grantSecret, nowMs, routesDocument, startEdge } from './edge-under-test.ts';
import { bearerWith } from './tokens.ts';

const only = (edge: EdgeUnderTest): Asked => {
  const [asked] = edge.asked;
  if (asked === undefined || edge.asked.length !== 1) throw new Error(`the runner was asked ${edge.asked.length} times`);
  return asked;
};

const get = async (edge: EdgeUnderTest, path = '/nexus/spaces/s1', headers: Record<string, string> = {}) =>
  edge.request(path, { headers: { ...(await bearerWith()), ...headers } });

const query = async (edge: EdgeUnderTest, body: string, init: RequestInit = {}) =>
  edge.request('/nexus/spaces/s1/query', { method: 'POST', headers: { ...(await bearerWith()), 'content-type': 'application/json' }, body, ...init });

describe('what the runner is told', () => {
  test('of the headers: an allow-list, the request id and the grant, and nothing else', async () => {
    const edge = startEdge();
    const passed = {
      accept: 'application/json',
      range: 'bytes=0-9',
      'if-none-match': '"x"',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'a=b',
    };
    const kept = {
      cookie: 'a=b',
      'x-nexus-grant': 'forged',
      'X-Nexus-Tenant': 't_b',
      'x-forwarded-for': '10.0.0.1',
      'x-tenant-id': 't_a',
      'x-nexus-timeout-ms': '1',
      connection: 'x-nexus-grant',
      'accept-encoding': 'br',
    };
    await get(edge, undefined, { ...passed, ...kept, 'x-request-id': 'mine-1' });
    const { 'x-nexus-grant': grant, ...others } = Object.fromEntries(only(edge).headers);
    expect(others).toEqual({ ...passed, 'x-request-id': 'mine-1', 'x-nexus-timeout-ms': '29500' });
    expect(grant).not.toBe('forged');
    expect(grant?.split('.')).toHaveLength(3);
  });

  test('past every cache on the way: two tenants ask by one URL', async () => {
    const edge = startEdge();
    await get(edge, '/nexus/spaces/s1/blobs/report.pdf');
    expect(only(edge).outgoing.cache).toBe('no-store');
  });

  test.each([
    ['none', undefined],
    ['one of zeros', '00-00000000000000000000000000000000-b7ad6b7169203331-01'],
    ['none of the format', 'mine'],
  ])('a trace begins at the edge when the caller brings %s', async (_, traceparent) => {
    const edge = startEdge();
    await get(edge, undefined, { tracestate: 'a=b', ...(traceparent === undefined ? {} : { traceparent }) });
    expect(only(edge).headers.get('traceparent')).toMatch(/^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-00$/);
    expect(only(edge).headers.has('tracestate'), 'state belongs to the trace that it came with').toBe(false);
  });

  test('a forged grant of the caller is replaced, also when it is given twice', async () => {
    const edge = startEdge();
    const headers = new Headers(await bearerWith());
    headers.append('X-Nexus-Grant', 'forged-1');
    headers.append('x-nexus-grant', 'forged-2');
    await edge.request('/nexus/spaces/s1', { headers });
    expect(only(edge).headers.get('x-nexus-grant')).not.toContain('forged');
  });

  test('the grant binds context, method, path and query as received, request id, routes and body', async () => {
    const edge = startEdge();
    const body = ' {"metric" : "cosine"} ';
    const headers = { ...(await bearerWith()), 'content-type': 'application/json; charset=utf-8', 'x-request-id': 'mine-2' };
    await edge.request('/nexus/spaces/s%31?scope=tenant', { method: 'PUT', headers, body });
    const asked = only(edge);
    expect(new URL(asked.url).pathname + new URL(asked.url).search).toBe('/nexus/spaces/s%31?scope=tenant');
    expect(asked.body, 'the same bytes').toEqual(utf8(body));
    const seen = { method: 'PUT', path: '/nexus/spaces/s%31', query: '?scope=tenant' };
    const token = asked.headers.get('x-nexus-grant') ?? '';
    expect(openGrant(token, seen, grantSecret, nowMs)).toEqual({
      context: { tenant_id: 't_a', env: 'dev', project_id: 'p1', surface_id: 'marketing', subject: 'ada', roles: ['writer'] },
      ...seen,
      request_id: 'mine-2',
      routes: ['store'],
      body_sha256: sha256Hex(body),
    });
    for (const other of [{ method: 'GET' }, { path: '/nexus/spaces/s2' }, { query: '' }, { query: '?scope=global' }]) {
      expect(openGrant(token, { ...seen, ...other }, grantSecret, nowMs)).toBeUndefined();
    }
    expect(openGrant(token, seen, grantSecret, nowMs + limits.grantTtlMs + limits.clockSkewMs + 1000)).toBeUndefined();
  });

  test('every kind of route that the endpoint needs is in the grant', async () => {
    const edge = startEdge();
    const headers = { ...(await bearerWith()), 'content-type': 'application/json' };
    await edge.request('/nexus/spaces/s1/ingest', { method: 'POST', headers, body: '{"documents":[{"text":"x"}]}' });
    const seen = { method: 'POST', path: '/nexus/spaces/s1/ingest', query: '' };
    const grant = openGrant(only(edge).headers.get('x-nexus-grant') ?? '', seen, grantSecret, nowMs);
    expect(grant?.routes).toEqual(['store', 'blobs']);
  });

  test('the name of a file goes through as it was spelled', async () => {
    const edge = startEdge();
    await get(edge, '/nexus/spaces/s1/blobs/a/b%20c%2541%C3%A9%2Fd.txt');
    expect(new URL(only(edge).url).pathname).toBe('/nexus/spaces/s1/blobs/a/b%20c%2541%C3%A9%2Fd.txt');
  });

  test('a GET has no body, whatever its sender thinks', async () => {
    const edge = startEdge();
    await get(edge, undefined, { 'content-type': 'text/plain', 'content-length': '5' });
    expect(only(edge).outgoing.body).toBeUndefined();
  });

  test.each(['short', '!', 'has space', 'x'.repeat(129), 'a\tb'])('a request id like %j is taken over only when it is well-formed', async (id) => {
    const edge = startEdge();
    const answer = await get(edge, undefined, { 'x-request-id': id });
    const expected = id === 'short' ? 'short' : 'req_1';
    expect(answer.headers.get('x-request-id')).toBe(expected);
    expect(only(edge).headers.get('x-request-id')).toBe(expected);
  });

  test.each(['', 'has space', 'é', 'x'.repeat(limits.idempotencyKeyChars + 1)])('an Idempotency-Key like %.20j is refused: 422', async (key) => {
    const edge = startEdge();
    const headers = { ...(await bearerWith()), 'content-type': 'application/json', 'idempotency-key': key };
    const answer = await edge.request('/nexus/spaces/s1/ingest', { method: 'POST', headers, body: '{"documents":[{"text":"x"}]}' });
    const error = await expectRefusedAtTheEdge(edge, answer, 'nexus.validation_failed');
    expect(error.details).toMatchObject({ issues: [{ path: 'Idempotency-Key' }] });
  });

  test('a good Idempotency-Key is passed on', async () => {
    const edge = startEdge();
    const headers = { ...(await bearerWith()), 'content-type': 'application/json', 'idempotency-key': 'once/1' };
    await edge.request('/nexus/spaces/s1/ingest', { method: 'POST', headers, body: '{"documents":[{"text":"x"}]}' });
    expect(only(edge).headers.get('idempotency-key')).toBe('once/1');
  });
});

describe('which runner is asked', () => {
  const runners = ['http://r1.test', 'http://r2.test/', 'https://r3.test/base'];
  const env = { NEXUS_RUNNERS: runners.join(' , ') };
  const originsAsked = (edge: EdgeUnderTest) => edge.asked.map(({ url }) => new URL(url).origin);
  const inOrder = (text: string) => preferredRunners(runners, text).map((runner) => new URL(runner).origin);

  test('a space sticks to one, and different spaces spread over all', async () => {
    const edge = startEdge({ env });
    for (let i = 0; i < 30; i++) await get(edge, `/nexus/spaces/s${i % 15}`);
    const origins = originsAsked(edge);
    expect(origins.slice(0, 15)).toEqual(origins.slice(15));
    expect(new Set(origins).size).toBe(3);
    expect(origins[0]).toBe(inOrder('t_a/dev/p1/marketing/s0')[0]);
  });

  test('a global request sticks by the global space', async () => {
    const edge = startEdge({ env: { ...env, NEXUS_PLATFORM_KEYS: 'secret' } });
    for (let i = 0; i < 8; i++) {
      await edge.request(`/nexus/spaces/s${i}?scope=global`, { headers: await bearerWith({ roles: ['admin'] }) });
    }
    expect(originsAsked(edge)).toEqual(Array.from({ length: 8 }, (_, i) => inOrder(`t_system/dev/p1/marketing/s${i}`)[0]));
  });

  test("the route's own runners go before NEXUS_RUNNERS", async () => {
    const [store, blobs] = routesDocument.routes;
    const routes = [store, { ...blobs, runners: ['http://blobs.test'] }];
    const edge = startEdge({ env: { ...env, NEXUS_ROUTES: JSON.stringify({ routes }) } });
    await get(edge, '/nexus/tasks');
    expect(originsAsked(edge)).toEqual(['http://blobs.test']);
  });

  test('when it cannot be reached the next is asked, with the same body, and the log names the one that failed', async () => {
    const order = inOrder('t_a/dev/p1/marketing/s1');
    const edge = startEdge({
      env,
      runner: ({ url }) => (url.startsWith(order[2] as string) ? Response.json({ ok: true }) : Promise.reject(new TypeError('connection refused'))),
    });
    expect((await query(edge, '{"query":"x"}')).status).toBe(200);
    expect(originsAsked(edge)).toEqual(order);
    expect(edge.asked.map(({ body }) => new TextDecoder().decode(body))).toEqual(Array(3).fill('{"query":"x"}'));
    expect(edge.logged.map(({ event, runner }) => [event, new URL(runner as string).origin])).toEqual(
      order.slice(0, 2).map((origin) => ['runner_unreachable', origin]),
    );
  });

  test('when none can be reached: 503, and no internal text', async () => {
    const edge = startEdge({ env, runner: () => Promise.reject(new TypeError('connect ECONNREFUSED 10.1.2.3:8080')) });
    const error = await expectRefusal(await get(edge), 'nexus.upstream_unavailable');
    expect(edge.asked).toHaveLength(3);
    expect(JSON.stringify(error)).not.toMatch(/10\.1\.2\.3|r1\.test/);
    expect(JSON.stringify(edge.logged)).toContain('10.1.2.3');
  });

  test('when there is none at all: 503', async () => {
    const edge = startEdge({ env: { NEXUS_RUNNERS: undefined } });
    await expectRefusedAtTheEdge(edge, await get(edge), 'nexus.upstream_unavailable');
  });

  test('an answer, whatever it is, ends the search', async () => {
    const edge = startEdge({ env, runner: () => new Response('<html>', { status: 500 }) });
    await expectRefusal(await get(edge), 'nexus.upstream_invalid');
    expect(edge.asked).toHaveLength(1);
  });
});

describe('routes', () => {
  const routes = (...list: unknown[]) => ({ env: { NEXUS_ROUTES: JSON.stringify({ routes: list }) } });
  const [store, blobs] = routesDocument.routes;

  test('the most specific match is the one in the grant', async () => {
    const edge = startEdge(routes(store, blobs, { ...store, id: 'mine', match: { tenant_id: 't_a' } }, { ...store, id: 'dev', match: { env: 'dev' } }));
    await get(edge);
    const seen = { method: 'GET', path: '/nexus/spaces/s1', query: '' };
    expect(openGrant(only(edge).headers.get('x-nexus-grant') ?? '', seen, grantSecret, nowMs)?.routes).toEqual(['mine']);
  });

  test('of the tenant alone do not serve the global side of a query: 503, with the kind', async () => {
    const edge = startEdge(routes({ ...store, match: { tenant_id: 't_a' } }));
    expect((await query(edge, '{"query":"x"}')).status).toBe(200);
    edge.asked.length = 0;
    const error = await expectRefusedAtTheEdge(edge, await query(edge, '{"query":"x","include_global":true}'), 'nexus_store.missing_route');
    expect(error.resource_kind).toBe('nexus_store');
  });
});

describe('deadlines', () => {
  const hanging = (edgeTimers: () => EdgeUnderTest) => ({
    runner: ({ outgoing }: Asked) =>
      new Promise<Response>((_, reject) => {
        outgoing.signal.addEventListener('abort', () => reject(new Error('whatever words the runtime finds')));
        edgeTimers().timers[0]?.fire();
      }),
  });

  test('a runner that does not begin to answer in time: 504, and the request to it is broken off', async () => {
    const edge: EdgeUnderTest = startEdge(hanging(() => edge));
    await expectRefusal(await get(edge), 'nexus.timeout');
    expect(edge.timers.map(({ delayMs }) => delayMs)).toEqual([limits.forwardTimeoutMs]);
    expect(only(edge).outgoing.signal.aborted).toBe(true);
  });

  test('an upload has the longer deadline', async () => {
    const edge: EdgeUnderTest = startEdge(hanging(() => edge));
    const answer = await edge.request('/nexus/spaces/s1/blobs/a', { method: 'PUT', headers: await bearerWith(), body: 'x' });
    await expectRefusal(answer, 'nexus.timeout');
    expect(edge.timers.map(({ delayMs }) => delayMs)).toEqual([limits.uploadTimeoutMs]);
  });

  test('the clock is stopped when the answer has begun', async () => {
    const edge = startEdge();
    await get(edge);
    expect(edge.timers.map(({ stopped }) => stopped)).toEqual([true]);
  });

  test('a caller that goes away breaks the request to the runner off, and is never answered with a 200', async () => {
    const caller = new AbortController();
    const edge = startEdge({
      runner: ({ outgoing }) =>
        new Promise<Response>((_, reject) => {
          outgoing.signal.addEventListener('abort', () => reject(new Error('aborted')));
          caller.abort();
        }),
    });
    const answer = await query(edge, '{"query":"x"}', { signal: caller.signal });
    expect(answer.status).toBe(503);
    expect(only(edge).outgoing.signal.aborted).toBe(true);
  });
});
