import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { toBase64Url, utf8 } from '../../shared/bytes.ts';
import { type Grant, openGrant, sealGrant } from '../../shared/grant.ts';
import { limits } from '../../shared/limits.ts';

const secret = 'a grant secret that only these tests know';
const nowMs = Date.UTC(2026, 4, 1, 10);
const grant: Grant = {
  context: { tenant_id: 't_a', env: 'dev', project_id: 'p1', surface_id: 'marketing', subject: 'ada', roles: ['writer'] },
  method: 'POST',
  path: '/nexus/spaces/s1/query',
  query: '?scope=tenant',
  request_id: 'req_1',
  routes: ['store'],
  body_sha256: 'ab',
};
const seen = { method: grant.method, path: grant.path, query: grant.query };

const opened = (token: string | undefined, over: Partial<typeof seen> = {}, at = nowMs, held = secret) => openGrant(token, { ...seen, ...over }, held, at);

/** A token like ours, but for what is changed. */
const tokenLike = ({
  header = {},
  issuer = 'nexus-edge',
  audience = 'runner',
  life = 60,
  held = secret,
  payload = { grant } as Record<string, unknown>,
} = {}) =>
  new SignJWT(payload)
    .setProtectedHeader({ alg: 'HS256', typ: 'nexus-grant', ...header })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(nowMs / 1000)
    .setExpirationTime(nowMs / 1000 + life)
    .sign(utf8(held));

describe('a grant', () => {
  test('gives back who is calling and what the edge knew', () => {
    expect(opened(sealGrant(grant, secret, nowMs))).toEqual(grant);
    const { body_sha256: _, ...unread } = grant;
    expect(opened(sealGrant(unread, secret, nowMs))).toEqual(unread);
  });

  test.each([
    { method: 'GET' },
    { method: 'post' },
    { path: '/nexus/spaces/s2/query' },
    { path: '/nexus/spaces/s1/query/' },
    { path: '/nexus/spaces/s1/./query' },
    { query: '' },
    { query: '?' },
    { query: '?scope=global' },
    { query: '?scope=tenant&' },
  ])('is worth nothing on a request with %o', (over) => {
    expect(opened(sealGrant(grant, secret, nowMs), over)).toBeUndefined();
  });

  test('ends after its time and a clock’s skew', () => {
    const token = sealGrant(grant, secret, nowMs);
    const endMs = nowMs + limits.grantTtlMs + limits.clockSkewMs;
    expect(opened(token, {}, endMs - 1000)).toEqual(grant);
    expect(opened(token, {}, endMs)).toBeUndefined();
  });

  test('is not good before it was made, but for a clock’s skew', () => {
    const token = sealGrant(grant, secret, nowMs);
    expect(opened(token, {}, nowMs - limits.clockSkewMs)).toEqual(grant);
  });

  test('of another secret is worth nothing', () => {
    expect(opened(sealGrant(grant, 'another secret that is long enough, too', nowMs))).toBeUndefined();
    expect(opened(sealGrant(grant, secret, nowMs), {}, nowMs, 'another secret that is long enough, too')).toBeUndefined();
  });

  test('like ours opens: the refusals below have one reason each', async () => {
    expect(await opened(await tokenLike())).toEqual(grant);
  });

  test.each([
    ['of another issuer', { issuer: 'somebody' }],
    ['for another audience', { audience: 'edge' }],
    ['of another type of token', { header: { typ: 'JWT' } }],
    ['signed by another algorithm of the same secret', { header: { alg: 'HS512' }, held: secret + secret }],
    ['that was out of time when it was made', { life: -60 }],
    ['without a grant in it', { payload: {} }],
    ['with a role that does not exist', { payload: { grant: { ...grant, context: { ...grant.context, roles: ['god'] } } } }],
    ['with a tenant that cannot be', { payload: { grant: { ...grant, context: { ...grant.context, tenant_id: '../t_b' } } } }],
  ])('%s is worth nothing', async (_, changed) => {
    expect(await opened(await tokenLike(changed))).toBeUndefined();
  });

  test('that nobody signed is worth nothing', () => {
    const part = (value: unknown): string => toBase64Url(utf8(JSON.stringify(value)));
    const claims = { grant, iss: 'nexus-edge', aud: 'runner', iat: nowMs / 1000, exp: nowMs / 1000 + 60 };
    for (const alg of ['none', 'None', 'NONE', 'HS256']) expect(opened(`${part({ alg, typ: 'nexus-grant' })}.${part(claims)}.`)).toBeUndefined();
  });

  test('without an end is worth nothing', async () => {
    const endless = new SignJWT({ grant }).setProtectedHeader({ alg: 'HS256', typ: 'nexus-grant' }).setIssuer('nexus-edge').setAudience('runner');
    expect(await opened(await endless.setIssuedAt(nowMs / 1000).sign(utf8(secret)))).toBeUndefined();
  });

  test('with any one character changed is worth nothing', () => {
    const token = sealGrant(grant, secret, nowMs);
    for (let at = 0; at < token.length; at++) {
      expect(opened(token.slice(0, at) + (token[at] === 'A' ? 'w' : 'A') + token.slice(at + 1))).toBeUndefined();
    }
  });

  test.each([undefined, '', '.', '..', 'a.b.c', 'Bearer x', '\u0000', '{}'])('%j is none', (token) => {
    expect(opened(token)).toBeUndefined();
  });
});
