import { beforeAll, describe, expect, test } from 'vitest';
import { cursorBinding, cursorExpiry, sealCursor } from '../../shared/cursor.ts';
import { limits } from '../../shared/limits.ts';
import { type EdgeUnderTest, expectRefusedAtTheEdge, nowMs, startEdge } from './edge-under-test.ts';
import { bearerWith } from './tokens.ts';

const ownLocation = 't_a/dev/p1/marketing/s1';
const request = { query: 'hello', limit: 5, filter: { tag: 'x' } };

let edge: EdgeUnderTest;
let headers: Record<string, string>;
beforeAll(async () => {
  headers = { ...(await bearerWith()), 'content-type': 'application/json' };
});

const seal = async (bind: string, changed: { exp?: number; key?: { id: string; secret: string } } = {}): Promise<string> => {
  const payload = { exp: changed.exp ?? cursorExpiry(nowMs), bind, pins: { tenant: { incarnation: 'i', version: 3 } }, position: 5, given: 'x' };
  const [key] = startEdge().bindings.NEXUS_CURSOR_KEYS;
  if (key === undefined) throw new Error('the environment of these tests has cursor keys');
  return sealCursor(payload, [changed.key ?? key]);
};

const bindingOf = (fields: Record<string, unknown> = request, locations = [ownLocation], endpoint = 'query'): string =>
  cursorBinding(endpoint, locations, fields);

const ask = (body: Record<string, unknown>, space = 's1'): Promise<Response> => {
  edge = startEdge();
  return edge.request(`/nexus/spaces/${space}/query`, { method: 'POST', headers, body: JSON.stringify(body) });
};

const expectGone = async (answer: Response): Promise<void> => {
  const error = await expectRefusedAtTheEdge(edge, answer, 'nexus.cursor_invalid');
  expect(error.message).toBe('This cursor is no longer valid for this request. Start again without a cursor.');
};

describe('a cursor is passed on', () => {
  test('for the request that it was made for, whatever the order of its fields', async () => {
    const cursor = await seal(bindingOf());
    expect((await ask({ filter: { tag: 'x' }, cursor, limit: 5, query: 'hello' })).status).toBe(200);
    expect(edge.asked).toHaveLength(1);
  });

  test('when an older key signed it, so that keys can be rotated', async () => {
    const older = startEdge().bindings.NEXUS_CURSOR_KEYS.find(({ id }) => id === 'k1');
    expect((await ask({ ...request, cursor: await seal(bindingOf(), { key: older as { id: string; secret: string } }) })).status).toBe(200);
  });

  test('for both places that include_global reads', async () => {
    const fields = { ...request, include_global: true };
    const cursor = await seal(bindingOf(fields, [ownLocation, 't_system/dev/p1/marketing/s1']));
    expect((await ask({ ...fields, cursor })).status).toBe(200);
  });

  test.each<[string, string, Record<string, unknown>, string]>([
    ['spaces', '/nexus/spaces?limit=2', { limit: 2 }, 'listSpaces'],
    ['tasks', '/nexus/tasks?status=failed&space_id=s1', { status: 'failed', space_id: 's1' }, 'listTasks'],
  ])('in the list of %s, bound to its own parameters', async (_, path, fields, id) => {
    const cursor = await seal(bindingOf(fields, ['t_a/dev/p1/marketing'], id));
    edge = startEdge();
    expect((await edge.request(`${path}&cursor=${cursor}`, { headers })).status).toBe(200);
    edge = startEdge();
    await expectGone(await edge.request(`${path.replace('?', '?limit=3&').replace('&limit=2', '')}&cursor=${cursor}`, { headers }));
  });
});

describe('410, in always the same words, without asking the runner', () => {
  test.each([
    '',
    'x',
    'c1',
    'c1.k2.e30',
    'c1.k2.e30.AAAA',
    'c1.k9.e30.AAAA',
    'c2.k2.e30.AAAA',
    'c1.k2.e30.AAAA.x',
    '../../etc',
    'é'.repeat(9),
    'a'.repeat(limits.cursorBytes + 1),
  ])('%.40s: malformed', async (cursor) => expectGone(await ask({ ...request, cursor })));

  test('the list endpoints refuse an empty and a malformed cursor too', async () => {
    for (const path of ['/nexus/spaces?cursor=', '/nexus/tasks?cursor=c1.k2.e30.AAAA']) {
      edge = startEdge();
      await expectGone(await edge.request(path, { headers }));
    }
  });

  test('forged: another secret under a known key id', async () => {
    await expectGone(await ask({ ...request, cursor: await seal(bindingOf(), { key: { id: 'k2', secret: 'x'.repeat(40) } }) }));
  });

  test('forged: any one character changed', async () => {
    const cursor = await seal(bindingOf());
    for (let at = 0; at < cursor.length; at += 7) {
      const changed = cursor.slice(0, at) + (cursor[at] === 'A' ? 'B' : 'A') + cursor.slice(at + 1);
      await expectGone(await ask({ ...request, cursor: changed }));
    }
  });

  test('expired, to the second', async () => {
    await expectGone(await ask({ ...request, cursor: await seal(bindingOf(), { exp: nowMs / 1000 }) }));
    expect((await ask({ ...request, cursor: await seal(bindingOf(), { exp: nowMs / 1000 + 1 }) })).status).toBe(200);
  });

  test.each<[string, Record<string, unknown>]>([
    ['another query', { query: 'other' }],
    ['another limit', { limit: 6 }],
    ['another filter', { filter: { tag: 'y' } }],
    ['one more field', { min_score: 0 }],
    ['include_global', { include_global: true }],
    ['another mode', { mode: 'text' }],
  ])('of a changed request: %s', async (_, changed) => expectGone(await ask({ ...request, ...changed, cursor: await seal(bindingOf()) })));

  test('of another space', async () => expectGone(await ask({ ...request, cursor: await seal(bindingOf()) }, 's2')));
  test("of another tenant's space of the same name", async () =>
    expectGone(await ask({ ...request, cursor: await seal(bindingOf(request, ['t_b/dev/p1/marketing/s1'])) })));
  test('of another endpoint', async () => expectGone(await ask({ ...request, cursor: await seal(bindingOf(request, [ownLocation], 'listTasks')) })));
});

test('a cursor that is no text is a bad request: 422', async () => {
  await expectRefusedAtTheEdge(edge, await ask({ ...request, cursor: 7 }), 'nexus.validation_failed');
});

test('what is wrong with the request is told before what is wrong with its cursor: 422', async () => {
  await expectRefusedAtTheEdge(edge, await ask({ ...request, limit: 0, cursor: 'x' }), 'nexus.validation_failed');
  await expectRefusedAtTheEdge(edge, await ask({ ...request, filter: { tag: { like: 1 } }, cursor: 'x' }), 'nexus.filter_unsupported');
});

test('a bad cursor is told before a missing route', async () => {
  edge = startEdge({ env: { NEXUS_ROUTES: '{"routes":[]}' } });
  await expectGone(await edge.request('/nexus/spaces/s1/query', { method: 'POST', headers, body: JSON.stringify({ ...request, cursor: 'x' }) }));
});
