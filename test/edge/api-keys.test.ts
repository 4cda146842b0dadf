import { describe, expect, test } from 'vitest';
import { apiKeyStoreName, newApiKey } from '../../shared/api-key.ts';
import { limits } from '../../shared/limits.ts';
import { expectRefusedAtTheEdge, nowMs, startEdge } from './edge-under-test.ts';
import { bearer } from './tokens.ts';

/** A caller with an API key is who its record says, as long as the record says so. */

const path = '/nexus/spaces';
const at = (ms: number): string => new Date(ms).toISOString();

const edgeWithKey = async (changed: Record<string, unknown> = {}) => {
  const { id, token, sha256 } = newApiKey();
  const claims = { sub: `key:${id}`, tenant_id: 't_a', env: 'dev', project_id: 'p1', surface_id: 'marketing', roles: ['writer'] };
  const record = { ...claims, name: 'import', sha256, created_at: at(nowMs), expires_at: null, revoked_at: null, ...changed };
  const stored = new Map([[apiKeyStoreName(id), JSON.stringify(record)]]);
  const kv = { reads: 0, isDown: false };
  const clock = { ms: nowMs };
  const get = async (key: string): Promise<string | null> => {
    if (key.startsWith('api-keys/')) kv.reads += 1;
    if (kv.isDown) throw new Error('KV is away');
    return stored.get(key) ?? null;
  };
  const edge = startEdge({ env: { NEXUS_CONFIG: { get } }, now: () => clock.ms });
  const write = (next: Record<string, unknown>): unknown => stored.set(apiKeyStoreName(id), JSON.stringify({ ...record, ...next }));
  return { edge, id, token, kv, clock, stored, write, ask: (key = token, headers = {}) => edge.request(path, { headers: { ...bearer(key), ...headers } }) };
};

const grantOf = (edge: ReturnType<typeof startEdge>): { context: Record<string, unknown> } =>
  JSON.parse(Buffer.from(edge.asked.at(-1)?.headers.get('x-nexus-grant')?.split('.')[1] ?? '', 'base64url').toString('utf8')).grant;

describe('an API key', () => {
  test('stands for what its record holds, and is looked up once a minute', async () => {
    const { edge, ask, kv, clock, id } = await edgeWithKey();
    expect((await ask()).status).toBe(200);
    expect(grantOf(edge).context).toEqual({
      tenant_id: 't_a',
      env: 'dev',
      project_id: 'p1',
      surface_id: 'marketing',
      subject: `key:${id}`,
      roles: ['writer'],
    });
    for (let time = 0; time < 5; time++) await ask();
    expect(kv.reads).toBe(1);
    clock.ms += limits.apiKeyCacheMs + 1;
    await ask();
    expect(kv.reads).toBe(2);
  });

  test('chooses among what it allows, and nothing else', async () => {
    const { edge, ask, token } = await edgeWithKey({ env: ['dev', 'staging'] });
    expect((await ask(token, { 'x-env': 'staging' })).status).toBe(200);
    expect(grantOf(edge).context.env).toBe('staging');
    expect([(await ask(token, { 'x-env': 'prod' })).status, (await ask()).status]).toEqual([403, 400]);
  });

  test('stops working within the cache’s minute when it is revoked', async () => {
    const { edge, ask, clock, write } = await edgeWithKey();
    expect((await ask()).status).toBe(200);
    write({ revoked_at: at(nowMs) });
    clock.ms += limits.apiKeyCacheMs + 1;
    edge.asked.length = 0;
    expect((await expectRefusedAtTheEdge(edge, await ask(), 'auth.unauthenticated')).message).toContain('revoked');
  });

  test('stops working at its end, also from the cache', async () => {
    const { edge, ask, clock } = await edgeWithKey({ expires_at: at(nowMs + 1_000) });
    expect((await ask()).status).toBe(200);
    clock.ms += 1_000;
    edge.asked.length = 0;
    expect((await expectRefusedAtTheEdge(edge, await ask(), 'auth.unauthenticated')).message).toContain('expired');
  });

  test('with one character of its secret changed is refused with the words for one that never was', async () => {
    const { edge, ask, token } = await edgeWithKey();
    const wrong = token.slice(0, -1) + (token.endsWith('0') ? '1' : '0');
    const { token: stranger } = newApiKey();
    const messages = [];
    for (const key of [wrong, stranger, 'nxk_', 'nxk_1_secret', `nxk_${'0'.repeat(16)}_${'0'.repeat(63)}`, token.toUpperCase().replace('NXK', 'nxk')])
      messages.push((await expectRefusedAtTheEdge(edge, await ask(key), 'auth.unauthenticated')).message);
    expect(new Set(messages).size).toBe(1);
  });

  test('holds platform rights only when its record is marked', async () => {
    const system = { tenant_id: 't_system', roles: ['admin'] };
    const [plain, marked] = [await edgeWithKey(system), await edgeWithKey({ ...system, platform: true })];
    expect([(await plain.ask()).status, (await marked.ask()).status]).toEqual([403, 200]);
    expect(grantOf(marked.edge).context).toMatchObject({ tenant_id: 't_system', roles: ['admin'] });
  });

  test('of a damaged record is refused, and the log says which', async () => {
    const { edge, ask, stored, id } = await edgeWithKey();
    stored.set(apiKeyStoreName(id), '{"sha256": "');
    await expectRefusedAtTheEdge(edge, await ask(), 'auth.unauthenticated');
    expect(edge.logged).toMatchObject([{ event: 'api_key_damaged', key_id: id }]);
  });

  test('cannot be judged while KV cannot be read: 503', async () => {
    const { edge, ask, kv } = await edgeWithKey();
    kv.isDown = true;
    await expectRefusedAtTheEdge(edge, await ask(), 'nexus.upstream_unavailable');
  });

  test('without the namespace is refused, and told why', async () => {
    const edge = startEdge();
    const answer = await edge.request(path, { headers: bearer(newApiKey().token) });
    expect((await expectRefusedAtTheEdge(edge, answer, 'auth.unauthenticated')).message).toContain('NEXUS_CONFIG');
  });
});
