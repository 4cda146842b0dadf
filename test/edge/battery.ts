import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../shared/errors.ts';
import type { Endpoint } from '../../shared/http/endpoints.ts';
import { environment, expectRefusedAtTheEdge, nowMs, routesDocument, startEdge } from './edge-under-test.ts';
import { pathOf, type Sample, sampleJson, sampleOf } from './samples.ts';
import { bearer, bearerWith, tokenWith, unsignedToken } from './tokens.ts';

/** HEAD answers have no body; everything else about them is the same. */
const expectRefused = async (endpoint: Endpoint, sample: Sample, code: ErrorCode, env: Record<string, unknown> = {}): Promise<void> => {
  const edge = startEdge({ env });
  if (endpoint.method !== 'HEAD') {
    await expectRefusedAtTheEdge(edge, await edge.request(sample.path, sample.init), code);
    return;
  }
  const answer = await edge.request(sample.path, sample.init);
  expect(edge.asked).toEqual([]);
  expect(answer.headers.get('x-request-id')).toBe('req_1');
  const twin = startEdge({ env });
  await expectRefusedAtTheEdge(twin, await twin.request(sample.path, { ...sample.init, method: 'GET' }), code);
};

const publicKeyText = (): string => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }).toString();

const credentials = (endpoint: Endpoint): void => {
  const refuses = async (headers: Record<string, string>, code: ErrorCode, env: Record<string, unknown> = {}) =>
    expectRefused(endpoint, sampleOf(endpoint, headers), code, env);

  test('no token: 401', () => refuses({}, 'auth.unauthenticated'));
  test('another scheme: 401', () => refuses({ authorization: 'Basic YTpi' }, 'auth.unauthenticated'));
  test('a garbage token: 401', () => refuses(bearer('a.b.c'), 'auth.unauthenticated'));
  test('an expired token: 401', async () => refuses(await bearerWith({ exp: nowMs / 1000 - 31 }), 'auth.unauthenticated'));
  test('a token that nobody signed: 401', () => refuses(bearer(unsignedToken()), 'auth.unauthenticated'));
  test('a token signed with another secret: 401', async () =>
    refuses(bearer(await tokenWith({}, 'another secret, also long enough for HS256')), 'auth.unauthenticated'));
  test("a token signed by HMAC with the issuer's public key: 401", async () => {
    const env = { NEXUS_JWT_SECRET: undefined, NEXUS_JWKS_URL: 'https://issuer.test/keys' };
    await refuses(bearer(await tokenWith({}, publicKeyText())), 'auth.unauthenticated', env);
  });
  test("another tenant's header: 403", async () => refuses({ ...(await bearerWith()), 'x-tenant-id': 't_b' }, 'auth.tenant_mismatch'));
  test('another surface: 403', async () => refuses({ ...(await bearerWith()), 'x-surface-id': 'health' }, 'auth.context_forbidden'));
  test('a token without the role: 403', async () => refuses(await bearerWith({ roles: endpoint.access === 'read' ? [] : ['reader'] }), 'auth.role_required'));
  test('a context left open: 400', async () => refuses(await bearerWith({ surface_id: ['marketing', 'health'] }), 'nexus.context_missing'));
};

const places = (endpoint: Endpoint): void => {
  if (endpoint.path.includes('{space_id}')) {
    test.each(['..%2Fx', '%2e%2e%2fx', '-x', '_x', 'a%00b', '%zz', 'a%25b'])('the space id %s: 422', async (space_id) => {
      const sample = sampleOf(endpoint, await bearerWith());
      await expectRefused(endpoint, { ...sample, path: pathOf(endpoint, { space_id }) }, 'nexus.validation_failed');
    });
  }
  if (endpoint.path.includes('{name}')) {
    test.each(['..%2F..%2Fetc%2Fpasswd', 'a%2F..%2Fb', 'a//b', 'a/', '%2Fa', 'a%5Cb', 'a%07b'])('the file name %s: 422', async (name) => {
      const sample = sampleOf(endpoint, await bearerWith());
      await expectRefused(endpoint, { ...sample, path: pathOf(endpoint, { name }) }, 'nexus.validation_failed');
    });
  }
  test('an unknown query parameter: 422', async () => {
    const sample = sampleOf(endpoint, await bearerWith());
    await expectRefused(endpoint, { ...sample, path: `${sample.path}?surprise=1` }, 'nexus.validation_failed');
  });
  test('scope=global without the right to it: 403, before anything else is judged', async () => {
    const sample = sampleOf(endpoint, await bearerWith());
    const code = endpoint.access === 'read' ? 'nexus.global_read_forbidden' : 'nexus.global_write_forbidden';
    await expectRefused(endpoint, { ...sample, path: `${sample.path}?scope=global&surprise=1` }, code);
  });
  test.each(endpoint.routes)('without a %s route: 503 of that kind', async (kind) => {
    const routes = routesDocument.routes.filter((route) => route.kind !== kind);
    const env = { NEXUS_ROUTES: JSON.stringify({ routes }) };
    await expectRefused(endpoint, sampleOf(endpoint, await bearerWith()), `${kind}.missing_route`, env);
  });
};

const jsonBody = (endpoint: Endpoint, maxBytes: number): void => {
  const refuses = async (code: ErrorCode, changed: { body?: string | Uint8Array; contentType?: string }) => {
    const sample = sampleOf(endpoint, await bearerWith());
    const headers = { ...sample.init.headers, 'content-type': changed.contentType ?? 'application/json' };
    const init = { ...sample.init, headers, body: changed.body ?? sample.init.body } as Sample['init'];
    await expectRefused(endpoint, { ...sample, init }, code);
  };
  const withField = (text: string) => JSON.stringify(sampleJson(endpoint)).replace(/}$/, `,${text}}`);

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', ''])('the content type "%s": 415', (contentType) =>
    refuses('nexus.unsupported_media_type', { contentType }),
  );
  test.each(['{"a":', '', 'nonsense', '{"a":1}x'])('the body %j: 400', (body) => refuses('nexus.malformed_json', { body }));
  test('random bytes: 400', () => refuses('nexus.malformed_json', { body: Uint8Array.from({ length: 512 }, (_, i) => (i * 97 + 131) % 256) }));
  test.each(['null', '[]', '"text"', '7'])('the body %s: 422', (body) => refuses('nexus.validation_failed', { body }));
  test('an unknown field: 422', () => refuses('nexus.validation_failed', { body: withField('"surprise":1') }));
  test.each(['"__proto__":{"admin":true}', '"\\u005f_proto__":1', '"x":{"__proto__":1}'])('the key in {%s}: 422', (field) =>
    refuses('nexus.validation_failed', { body: withField(field) }),
  );
  test('an object nested 200,000 deep: 422', () =>
    refuses('nexus.validation_failed', { body: withField(`"deep\\u0041":${'['.repeat(200_000)}${']'.repeat(200_000)}`) }));
  test('a declared length above the limit: 413, unread', async () => {
    const sample = sampleOf(endpoint, await bearerWith());
    const headers = { ...sample.init.headers, 'content-length': String(maxBytes + 1) };
    await expectRefused(endpoint, { ...sample, init: { ...sample.init, headers } }, 'nexus.payload_too_large');
  });
};

/** What every endpoint refuses, in one call: right code, exact envelope, request id, and the runner never asked. */
export const refusesWhatEveryEndpointRefuses = (endpoint: Endpoint): void => {
  describe(`${endpoint.method} ${endpoint.path}`, () => {
    test('a good request is forwarded once, and to nobody else', async () => {
      const edge = startEdge();
      const sample = sampleOf(endpoint, await bearerWith());
      expect((await edge.request(sample.path, sample.init)).status).toBe(200);
      expect(edge.asked.map(({ method, url }) => [method, url])).toEqual([[endpoint.method, environment.NEXUS_RUNNERS + sample.path]]);
    });
    credentials(endpoint);
    places(endpoint);
    if (endpoint.body?.kind === 'json') jsonBody(endpoint, endpoint.body.maxBytes);
  });
};
