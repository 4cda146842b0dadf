import { describe, expect, test } from 'vitest';
import { limits } from '../../shared/limits.ts';
import { expectRefusedAtTheEdge, nowMs, routesDocument, startEdge } from './edge-under-test.ts';
import { bearerWith } from './tokens.ts';

const routesAt = (origin: string): string => JSON.stringify({ routes: routesDocument.routes.map((route) => ({ ...route, runners: [origin] })) });

/** KV as a variable that tests change, and a clock that they move. */
const startWithKv = (first: string | null | Error, env: Record<string, unknown> = {}) => {
  const kv = { value: first, reads: [] as string[] };
  const clock = { now: nowMs };
  const NEXUS_CONFIG = {
    async get(key: string) {
      kv.reads.push(key);
      if (kv.value instanceof Error) throw kv.value;
      return kv.value;
    },
  };
  const edge = startEdge({ env: { ...env, NEXUS_CONFIG }, now: () => clock.now });
  const get = async () => edge.request('/nexus/spaces/s1', { headers: await bearerWith() });
  const lastRunner = () => new URL(edge.asked.at(-1)?.url ?? 'http://nobody').origin;
  return { edge, kv, clock, get, lastRunner };
};

describe('the routing registry', () => {
  test('in KV wins over the inline one', async () => {
    const { get, lastRunner, kv } = startWithKv(routesAt('http://kv.test'));
    expect((await get()).status).toBe(200);
    expect([lastRunner(), kv.reads]).toEqual(['http://kv.test', ['routes']]);
  });

  test('inline is used when KV holds none', async () => {
    const { get, lastRunner } = startWithKv(null);
    expect((await get()).status).toBe(200);
    expect(lastRunner()).toBe('http://runner-1.test');
  });

  test('is read once, until its stated age', async () => {
    const { get, kv, clock, lastRunner } = startWithKv(routesAt('http://one.test'));
    await get();
    kv.value = routesAt('http://two.test');
    clock.now += limits.routesCacheMs - 1;
    await get();
    expect([kv.reads.length, lastRunner()]).toEqual([1, 'http://one.test']);
    clock.now += 1;
    await get();
    expect([kv.reads.length, lastRunner()]).toEqual([2, 'http://two.test']);
  });

  test.each<[string, string | Error]>([
    ['cannot be read', new Error('KV is down')],
    ['is not JSON', '{'],
    ['is no registry', '{"routes":[{"id":"x"}]}'],
  ])('stays as it was when KV %s, and the log says so', async (_, broken) => {
    const { edge, get, kv, clock, lastRunner } = startWithKv(routesAt('http://one.test'));
    await get();
    kv.value = broken;
    clock.now += limits.routesCacheMs;
    expect((await get()).status).toBe(200);
    expect(lastRunner()).toBe('http://one.test');
    expect(edge.logged).toMatchObject([{ level: 'error', event: 'registry_unreadable' }]);
  });

  test('that has never been readable: 503, until it is', async () => {
    const { edge, get, kv } = startWithKv('nonsense');
    await expectRefusedAtTheEdge(edge, await get(), 'nexus.upstream_unavailable');
    kv.value = routesAt('http://one.test');
    expect((await get()).status).toBe(200);
  });
});
