import { describe, expect, test } from 'vitest';
import { openGrant } from '../../shared/grant.ts';
import { limits } from '../../shared/limits.ts';
import { type EdgeOptions, expectRefusedAtTheEdge, grantSecret, nowMs, startEdge } from './edge-under-test.ts';
import { bearer, bearerWith, type Claims, tokenWith, unsignedToken } from './tokens.ts';

const path = '/nexus/spaces/s1';
const now = nowMs / 1000;
const skew = limits.clockSkewMs / 1000;

const get = async (headers: Record<string, string>, options: EdgeOptions = {}) => {
  const edge = startEdge(options);
  const answer = await edge.request(path, { headers });
  return { edge, answer };
};

/** The context that the runner is told. */
const contextOf = async (headers: Record<string, string>, options: EdgeOptions = {}) => {
  const { edge, answer } = await get(headers, options);
  expect(answer.status, await answer.text()).toBe(200);
  const grant = openGrant(edge.asked[0]?.headers.get('x-nexus-grant') ?? undefined, { method: 'GET', path, query: '' }, grantSecret, nowMs);
  return grant?.context;
};

describe('401', () => {
  test.each<[string, Claims]>([
    ['no exp', { exp: undefined }],
    ['no sub', { sub: undefined }],
    ['no tenant_id', { tenant_id: undefined }],
    ['exp older than the clock skew', { exp: now - skew - 1 }],
    ['nbf further ahead than the clock skew', { nbf: now + skew + 2 }],
    ['iat further ahead than the clock skew', { iat: now + skew + 2 }],
    ['exp as text', { exp: 'tomorrow' }],
    ['an empty sub', { sub: '' }],
    ['a tenant_id that no tenant can have', { tenant_id: 't_../b' }],
    ['roles that are no list', { roles: 'admin' }],
    ['an env that is no text', { env: 7 }],
  ])('a token with %s', async (_, changed) => {
    const { edge, answer } = await get(await bearerWith(changed));
    const error = await expectRefusedAtTheEdge(edge, answer, 'auth.unauthenticated');
    expect(error.message).not.toContain('t_../b');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  test.each(['HS384', 'HS512', 'RS256', 'ES256', 'none', 'NONE', '', 'constructor', '__proto__'])('a token whose header says %s', async (algorithm) => {
    const { edge, answer } = await get(bearer(unsignedToken(algorithm)));
    await expectRefusedAtTheEdge(edge, answer, 'auth.unauthenticated');
  });

  test('a good signature over another algorithm than HS256', async () => {
    const { edge, answer } = await get(bearer(await tokenWith({}, undefined, { alg: 'HS512' })));
    await expectRefusedAtTheEdge(edge, answer, 'auth.unauthenticated');
  });

  test('a token with a critical extension that nobody here knows', async () => {
    const [, payload, signature] = (await tokenWith()).split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'HS256', crit: ['x'], x: 1 })).toString('base64url');
    const { edge, answer } = await get(bearer(`${header}.${payload}.${signature}`));
    await expectRefusedAtTheEdge(edge, answer, 'auth.unauthenticated');
  });

  test('claims changed after the signing', async () => {
    const [header, , signature] = (await tokenWith()).split('.');
    const [, payload] = (await tokenWith({ tenant_id: 't_b' })).split('.');
    const { edge, answer } = await get(bearer(`${header}.${payload}.${signature}`));
    await expectRefusedAtTheEdge(edge, answer, 'auth.unauthenticated');
  });

  test('an expired token is told to be expired', async () => {
    const { edge, answer } = await get(await bearerWith({ exp: now - 3600 }));
    expect((await expectRefusedAtTheEdge(edge, answer, 'auth.unauthenticated')).message).toContain('expired');
  });

  test.each<[string, Claims]>([
    ['another issuer', { iss: 'https://evil.test', aud: 'nexus' }],
    ['no issuer', { aud: 'nexus' }],
    ['another audience', { iss: 'https://issuer.test', aud: 'other' }],
    ['no audience', { iss: 'https://issuer.test' }],
  ])('%s, when issuer and audience are configured', async (_, changed) => {
    const env = { NEXUS_JWT_ISSUER: 'https://issuer.test', NEXUS_JWT_AUDIENCE: 'nexus' };
    const { edge, answer } = await get(await bearerWith(changed), { env });
    await expectRefusedAtTheEdge(edge, answer, 'auth.unauthenticated');
  });
});

describe('accepted', () => {
  test.each<[string, Claims]>([
    ['expired within the clock skew', { exp: now - skew + 1 }],
    ['not valid yet, within the clock skew', { nbf: now + skew - 1 }],
    ['issued ahead of our clock, within the clock skew', { iat: now + skew - 1 }],
  ])('a token %s', async (_, changed) => {
    expect((await get(await bearerWith(changed))).answer.status).toBe(200);
  });

  test('the scheme in any case', async () => {
    expect((await get({ authorization: `bEARER  ${await tokenWith()}` })).answer.status).toBe(200);
  });

  test('the configured issuer and audience, the audience in a list too', async () => {
    const env = { NEXUS_JWT_ISSUER: 'https://issuer.test', NEXUS_JWT_AUDIENCE: 'nexus' };
    expect((await get(await bearerWith({ iss: 'https://issuer.test', aud: ['x', 'nexus'] }), { env })).answer.status).toBe(200);
  });
});

describe('the context', () => {
  test('is what the credential says', async () => {
    expect(await contextOf(await bearerWith())).toEqual({
      tenant_id: 't_a',
      env: 'dev',
      project_id: 'p1',
      surface_id: 'marketing',
      subject: 'ada',
      roles: ['writer'],
    });
  });

  test('is chosen by headers among the lists and wildcards that the credential allows', async () => {
    const token = await bearerWith({ env: ['dev', 'prod'], project_id: '*', surface_id: ['marketing', 'health'] });
    const choice = { 'x-env': 'prod', 'x-project-id': 'anything', 'x-surface-id': 'health', 'x-tenant-id': 't_a' };
    expect(await contextOf({ ...token, ...choice })).toMatchObject({ env: 'prod', project_id: 'anything', surface_id: 'health' });
  });

  test.each<[string, Claims, Record<string, string>]>([
    ['a wildcard without a header', { env: '*' }, {}],
    ['a missing claim', { project_id: undefined }, {}],
    ['a list of two without a header', { surface_id: ['a', 'b'] }, {}],
    ['a header that no env can be', { env: '*' }, { 'x-env': '../prod' }],
    ['an empty header', { env: '*' }, { 'x-env': '' }],
  ])('%s: 400', async (_, changed, headers) => {
    const { edge, answer } = await get({ ...(await bearerWith(changed)), ...headers });
    await expectRefusedAtTheEdge(edge, answer, 'nexus.context_missing');
  });

  test('what is forbidden is told before what is missing', async () => {
    const { edge, answer } = await get({ ...(await bearerWith({ env: ['a', 'b'] })), 'x-surface-id': 'health' });
    await expectRefusedAtTheEdge(edge, answer, 'auth.context_forbidden');
    const other = await get(await bearerWith({ env: ['a', 'b'], roles: [] }));
    await expectRefusedAtTheEdge(other.edge, other.answer, 'auth.role_required');
  });
});

describe("rights of the platform's keys", () => {
  const marked = { env: { NEXUS_PLATFORM_KEYS: 'secret' } };

  test('the system tenant is refused from a key that is not marked: 403', async () => {
    const { edge, answer } = await get(await bearerWith({ tenant_id: 't_system' }));
    await expectRefusedAtTheEdge(edge, answer, 'auth.context_forbidden');
    const jwksOnly = await get(await bearerWith({ tenant_id: 't_system' }), { env: { NEXUS_PLATFORM_KEYS: 'jwks' } });
    await expectRefusedAtTheEdge(jwksOnly.edge, jwksOnly.answer, 'auth.context_forbidden');
  });

  test('admin and system count for nothing from a key that is not marked: 403', async () => {
    const { edge, answer } = await get(await bearerWith({ roles: ['admin', 'system'] }));
    await expectRefusedAtTheEdge(edge, answer, 'auth.role_required');
  });

  test('of several roles the ordinary ones stay', async () => {
    expect(await contextOf(await bearerWith({ roles: ['admin', 'reader', 'king'] }))).toMatchObject({ roles: ['reader'] });
  });

  test('a marked key may speak for the system tenant and hold admin', async () => {
    expect(await contextOf(await bearerWith({ tenant_id: 't_system', roles: ['admin'] }), marked)).toMatchObject({ tenant_id: 't_system', roles: ['admin'] });
  });

  const write = (scope: string, claims: Claims, options: EdgeOptions) => async () => {
    const edge = startEdge(options);
    const headers = { ...(await bearerWith(claims)), 'content-type': 'application/json' };
    const body = JSON.stringify({ scope, documents: [{ text: 'x' }] });
    return { edge, answer: await edge.request('/nexus/spaces/s1/ingest', { method: 'POST', headers, body }) };
  };

  test("an ordinary writer's global write: 403, even when the rest of the body is bad", async () => {
    const { edge, answer } = await write('global', {}, marked)();
    await expectRefusedAtTheEdge(edge, answer, 'nexus.global_write_forbidden');
    const bad = startEdge();
    const headers = { ...(await bearerWith()), 'content-type': 'application/json' };
    const body = JSON.stringify({ scope: 'global', documents: 'none', surprise: 1 });
    await expectRefusedAtTheEdge(bad, await bad.request('/nexus/spaces/..%2Fx/ingest', { method: 'POST', headers, body }), 'nexus.global_write_forbidden');
  });

  test.each<[string, Claims]>([
    ['an admin', { roles: ['admin'] }],
    ["the system tenant's writer", { tenant_id: 't_system' }],
  ])('%s may write globally', async (_, changed) => {
    expect((await write('global', changed, marked)()).answer.status).toBe(200);
  });

  test("the system tenant's reader may not write: 403", async () => {
    const { edge, answer } = await write('global', { tenant_id: 't_system', roles: ['reader'] }, marked)();
    await expectRefusedAtTheEdge(edge, answer, 'auth.role_required');
  });

  test("an ordinary reader's scope=global in a query: 403", async () => {
    const edge = startEdge();
    const headers = { ...(await bearerWith()), 'content-type': 'application/json' };
    const answer = await edge.request('/nexus/spaces/s1/query', { method: 'POST', headers, body: '{"scope":"global","query":7}' });
    await expectRefusedAtTheEdge(edge, answer, 'nexus.global_read_forbidden');
  });
});
