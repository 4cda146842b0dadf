import { describe, expect, test } from 'vitest';
import { limits } from '../../shared/limits.ts';
import { expectRefusal, jsonRunner, nowMs, startEdge } from './edge-under-test.ts';
import { bearerWith } from './tokens.ts';

/** A space sticks to one of several runners and moves on when that one fails, but nothing is accepted twice. */

const runners = ['http://r1.test', 'http://r2.test', 'http://r3.test'];
type Failure = () => Response;
const away: Failure = () => {
  throw new TypeError('Network connection lost.');
};
const page: Failure = () => new Response('<h1>Service Unavailable</h1>', { status: 503, headers: { 'content-type': 'text/html' } });

const edgeWith = (failure: Failure, isDown: (origin: string) => boolean) => {
  const clock = { ms: nowMs };
  const edge = startEdge({
    env: { NEXUS_RUNNERS: runners.join() },
    now: () => clock.ms,
    runner: (asked) => (isDown(new URL(asked.url).origin) ? failure() : jsonRunner(asked)),
  });
  const send = async (path: string, body: unknown, headers: Record<string, string> = {}) =>
    edge.request(path, { method: 'POST', headers: { ...(await bearerWith()), 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
  return {
    edge,
    clock,
    asked: () => edge.asked.splice(0).map(({ url }) => new URL(url).origin),
    query: () => send('/nexus/spaces/s/query', { query: 'x' }),
    ingest: (headers?: Record<string, string>) => send('/nexus/spaces/s/ingest', { documents: [{ id: 'd', text: 'x' }] }, headers),
  };
};

describe.each([
  ['cannot be reached', away],
  ['has no instance, as what stands before it says', page],
])('a runner that %s', (_, failure) => {
  test('is passed over by a query, and asked last until it may be back', async () => {
    const down = new Set<string>();
    const { asked, query, clock } = edgeWith(failure, (origin) => down.has(origin));
    await query();
    const [home = ''] = asked();
    down.add(home);
    expect((await query()).status).toBe(200);
    const [first, second] = asked();
    expect([first, second === undefined || second === home]).toEqual([home, false]);
    expect((await query()).status).toBe(200);
    expect(asked()).toEqual([second]);
    down.clear();
    clock.ms += limits.runnerDownMs;
    await query();
    expect(asked()).toEqual([home]);
  });

  test('is passed over by an ingest that carries a key, and not by one without: its request may have arrived', async () => {
    const { asked, query, ingest } = edgeWith(failure, (origin) => origin === home);
    let home = '';
    await query();
    home = asked()[0] ?? '';
    const alone = await ingest();
    expect(alone.status).toBeGreaterThanOrEqual(500);
    expect(asked()).toEqual([home]);
    // From now on this runner is asked last, so the caller's next try succeeds at once.
    expect((await ingest()).status).toBe(200);
    expect(asked()).not.toContain(home);
  });
});

test('with a key an ingest goes on to the next runner', async () => {
  let home = '';
  const { asked, query, ingest } = edgeWith(away, (origin) => origin === home);
  await query();
  home = asked()[0] ?? '';
  expect((await ingest({ 'idempotency-key': 'k' })).status).toBe(200);
  const tried = asked();
  expect([tried.length, tried[0], tried[1] === home]).toEqual([2, home, false]);
});

test('the runner’s own refusal is no failure of its: it is passed on as it is', async () => {
  const overloaded = () =>
    Response.json({ error: { code: 'nexus.overloaded', message: 'Too much at once.', http_status: 503, request_id: 'r', retryable: true } }, { status: 503 });
  const { asked, query } = edgeWith(overloaded, () => true);
  const answer = await query();
  expect(((await answer.json()) as { error: { code: string } }).error.code).toBe('nexus.overloaded');
  expect(asked()).toHaveLength(1);
});

test('when none can be reached: 503', async () => {
  const { asked, query } = edgeWith(away, () => true);
  await expectRefusal(await query(), 'nexus.upstream_unavailable');
  expect(asked()).toHaveLength(3);
});
