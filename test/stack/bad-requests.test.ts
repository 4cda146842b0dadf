import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { toBase64Url, utf8 } from '../../shared/bytes.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { guardedSpaces, ingestPath as ingest, queryPath as query } from './guarded-spaces.ts';
import { expectRefusal } from './refusal.ts';

/** Bad input gets the code that the contract names, says what is wrong, and changes nothing: callers, paths and the order of refusals. */

const { stack, tenant, call, post } = guardedSpaces();
const document = { id: 'b', text: 'b' };

describe('who is calling', () => {
  const claims = { sub: 'x', tenant_id: tenant, env: 'dev', project_id: 'p1', surface_id: 'marketing', roles: ['writer'] };
  const signed = (secret: string, over: object = {}): Promise<string> =>
    new SignJWT({ ...claims, ...over }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('1h').sign(utf8(secret));
  const unsigned = (): string => `${[{ alg: 'none' }, { ...claims, exp: 4_000_000_000 }].map((part) => toBase64Url(utf8(JSON.stringify(part)))).join('.')}.`;
  const expired = () => stack.token({ tenant, atMs: Date.now() - 2 * 3_600_000 });

  const strangers: Record<string, () => Promise<string | undefined> | string | undefined> = {
    'no token': () => undefined,
    garbage: () => 'a.b.c',
    'a token that nobody signed': unsigned,
    'a token signed with another secret': () => signed('x'.repeat(64)),
    'a token signed with the grant secret': () => signed(stack.secrets.grant_secret),
    'an expired token': expired,
    'a token without a tenant': () => signed(stack.secrets.jwt_secret, { tenant_id: undefined }),
    'a token of a tenant that cannot be': () => signed(stack.secrets.jwt_secret, { tenant_id: '../t_b' }),
    'an API key that nobody made': () => 'nxk_0123456789abcdef_0123456789abcdef',
  };
  test.each(Object.keys(strangers))('%s: 401 auth.unauthenticated', async (name) => {
    const answer = await stack.call('POST', query, { token: await strangers[name]?.(), body: { query: 'kept' } });
    expectRefusal(answer, 'auth.unauthenticated');
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
  });

  const contexts: [string, object, Record<string, string>, ErrorCode][] = [
    ['another tenant in X-Tenant-Id', {}, { 'x-tenant-id': 't_other' }, 'auth.tenant_mismatch'],
    ['a surface that the token does not allow', {}, { 'x-surface-id': 'health' }, 'auth.context_forbidden'],
    ['a project that the token does not allow', {}, { 'x-project-id': 'p9' }, 'auth.context_forbidden'],
    ['an env that the token does not allow', {}, { 'x-env': 'prod' }, 'auth.context_forbidden'],
    ['a surface left open', { surface: 'marketing,health' }, {}, 'nexus.context_missing'],
    ['any surface, and none chosen', { surface: '*' }, {}, 'nexus.context_missing'],
    ['any surface, and one chosen that cannot be', { surface: '*' }, { 'x-surface-id': '../health' }, 'nexus.context_missing'],
    ['a reader who writes', { roles: 'reader' }, {}, 'auth.role_required'],
  ];
  test.each(contexts)('%s: refused', async (_, wish, headers, code) => {
    const as = await stack.token({ tenant, ...wish });
    expectRefusal(await stack.call('POST', ingest, { token: as, body: { documents: [document] }, headers }), code);
  });
});

describe('paths and methods', () => {
  test.each(['/nexus', '/nexus/space/kept', '/nexus/spaces/kept/ingest/more', '/worker/events', '/worker/dead-letters', '/metrics', '/.env'])(
    '%s: 404',
    async (path) => {
      expectRefusal(await post(path, {}), 'nexus.not_found');
    },
  );

  test('an unknown task and an unknown file: 404', async () => {
    for (const path of [
      '/nexus/tasks/task_00000000000000000000000000000000',
      '/nexus/tasks/x',
      '/nexus/tasks/..%2F..%2Fsecrets.json',
      '/nexus/spaces/kept/blobs/none',
    ])
      expectRefusal(await call('GET', path), 'nexus.not_found');
  });

  test.each([
    ['PATCH', query, 'POST'],
    ['GET', ingest, 'POST'],
    ['POST', '/nexus/tasks', 'GET'],
    ['PATCH', '/nexus/spaces/kept/blobs/a', 'PUT, GET, HEAD'],
  ])('%s %s: 405 with what is allowed', async (method, path, allow) => {
    const answer = await call(method, path, { body: {} });
    expectRefusal(answer, 'nexus.method_not_allowed');
    expect(answer.headers.allow).toContain(allow);
  });

  const spaceIds = [
    '..%2fx',
    '%2e%2e%2fx',
    '..%5cx',
    '..%252fx',
    '-x',
    '_tasks',
    'a.lance',
    'a%00b',
    'a%0ab',
    'a%20b',
    '%c3%a4',
    'x'.repeat(129),
    '%2e',
    '%zz',
    '.%2e%2fx',
    "a'b",
    'a%22b',
  ];
  test.each(spaceIds)('the space id %s: 422 or not found, never another place', async (spaceId) => {
    for (const [method, rest, body] of [
      ['POST', '/query', { query: 'x' }],
      ['POST', '/ingest', { documents: [document] }],
      ['PUT', '', { language: 'en' }],
      ['GET', '', undefined],
      ['PUT', '/blobs/a.txt', 'bytes'],
      ['GET', '/blobs/a.txt', undefined],
    ] as const) {
      const answer = await call(method, `/nexus/spaces/${spaceId}${rest}`, { body });
      expect([404, 405, 422], `${method} ${rest}: ${answer.text}`).toContain(answer.status);
      expectRefusal(answer, answer.body.error.code);
    }
  });

  test('the space id ../x as it is leads out of the spaces, where there is nothing', async () => {
    expectRefusal(await post('/nexus/spaces/../x/query', { query: 'x' }), 'nexus.not_found');
    expectRefusal(await post('/nexus/spaces/kept/../../x/query', { query: 'x' }), 'nexus.not_found');
  });

  test.each(['..%2F..%2Fsecrets.json', '%2e%2e%2fa', 'a%2F..%2Fb', 'a%00b', 'a%5Cb', 'a//b', '%2Fetc%2Fpasswd', 'x'.repeat(513)])(
    'the file name %s: 422',
    async (name) => {
      for (const method of ['PUT', 'GET']) {
        const answer = await call(method, `/nexus/spaces/kept/blobs/${name}`, method === 'PUT' ? { body: 'x' } : {});
        expectRefusal(answer, 'nexus.validation_failed');
      }
    },
  );
});

describe('refusals come in one order', () => {
  test('401 before 403 before 415 before 422 before 410', async () => {
    const all = { headers: { 'x-tenant-id': 't_other', 'content-type': 'text/plain' }, body: { limit: 0, cursor: 'c' } };
    expectRefusal(await stack.call('POST', query, all), 'auth.unauthenticated');
    expectRefusal(await call('POST', query, all), 'auth.tenant_mismatch');
    expectRefusal(await call('POST', query, { ...all, headers: { 'content-type': 'text/plain' } }), 'nexus.unsupported_media_type');
    expectRefusal(await call('POST', query, { ...all, headers: {} }), 'nexus.validation_failed');
    expectRefusal(await call('POST', query, { body: { query: 'x', cursor: 'c' } }), 'nexus.cursor_invalid');
  });

  test('a refused right to shared data goes before what else is wrong with the body', async () => {
    expectRefusal(await post(ingest, { scope: 'global', documents: [] }), 'nexus.global_write_forbidden');
    expectRefusal(await post(query, { scope: 'global', limit: 0 }), 'nexus.global_read_forbidden');
  });
});
