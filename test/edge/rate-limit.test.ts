import { describe, expect, test } from 'vitest';
import { expectRefusedAtTheEdge, startEdge } from './edge-under-test.ts';
import { bearerWith } from './tokens.ts';

const path = '/nexus/spaces';

const edgeWith = (limit: (options: { key: string }) => Promise<{ success: boolean }>) => startEdge({ env: { NEXUS_RATE_LIMIT: { limit } } });

describe('the rate limit', () => {
  test('counts tenants apart; over it: 429 with Retry-After, and the runner hears nothing', async () => {
    const counted: string[] = [];
    const edge = edgeWith(async ({ key }) => ({ success: counted.push(key) < 2 }));
    expect((await edge.request(path, { headers: await bearerWith({ tenant_id: 't_a' }) })).status).toBe(200);
    edge.asked.length = 0;
    const answer = await edge.request(path, { headers: await bearerWith({ tenant_id: 't_b' }) });
    expect((await expectRefusedAtTheEdge(edge, answer, 'nexus.rate_limited')).retryable).toBe(true);
    expect(answer.headers.get('retry-after')).toBe('10');
    expect(counted).toEqual(['t_a', 't_b']);
  });

  test('is not spent by who is refused anyway', async () => {
    const counted: string[] = [];
    const edge = edgeWith(async ({ key }) => ({ success: counted.push(key) < 0 }));
    expect((await edge.request(path)).status).toBe(401);
    expect((await edge.request(path, { headers: await bearerWith({ roles: [] }) })).status).toBe(403);
    expect(counted).toEqual([]);
  });

  test('lets everybody through while its counter fails, and says so in the log', async () => {
    const edge = edgeWith(async () => {
      throw new Error('away');
    });
    expect((await edge.request(path, { headers: await bearerWith() })).status).toBe(200);
    expect(edge.logged).toMatchObject([{ event: 'rate_limit_failed' }]);
  });
});
