import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectRefusal, expectRefusedAtTheEdge, startEdge } from './edge-under-test.ts';
import { bearer, claims, tokenWith } from './tokens.ts';

const jwksUrl = 'https://issuer.test/keys';
const algorithms = ['RS256', 'ES256', 'EdDSA'] as const;
type Algorithm = (typeof algorithms)[number];
type Pair = Awaited<ReturnType<typeof generateKeyPair>>;

const pairs = {} as Record<Algorithm | 'unpublished', Pair>;
let published: JWK[];

beforeAll(async () => {
  for (const algorithm of algorithms) pairs[algorithm] = await generateKeyPair(algorithm, { extractable: true });
  pairs.unpublished = await generateKeyPair('ES256', { extractable: true });
  published = await Promise.all(algorithms.map(async (alg) => ({ ...(await exportJWK(pairs[alg].publicKey)), kid: alg, alg })));
});

const signed = (pair: Pair, alg: string, kid = alg, changed: Record<string, unknown> = {}): Promise<string> =>
  new SignJWT({ ...claims, ...changed }).setProtectedHeader({ alg, kid }).sign(pair.privateKey);

const startWithIssuer = (answer: () => Response | Promise<Response>, env: Record<string, unknown> = {}) => {
  let fetched = 0;
  const edge = startEdge({
    env: { NEXUS_JWT_SECRET: undefined, NEXUS_JWKS_URL: jwksUrl, ...env },
    others(url) {
      expect(url).toBe(jwksUrl);
      fetched += 1;
      return answer();
    },
  });
  const get = (token: string) => edge.request('/nexus/spaces/s1', { headers: bearer(token) });
  return { edge, get, fetched: () => fetched };
};
const good = () => Response.json({ keys: published });

describe('keys of an issuer', () => {
  test.each(algorithms)('a token signed with %s is accepted', async (algorithm) => {
    const { get } = startWithIssuer(good);
    expect((await get(await signed(pairs[algorithm], algorithm))).status).toBe(200);
  });

  test('are fetched once for many requests', async () => {
    const { get, fetched } = startWithIssuer(good);
    for (const algorithm of [...algorithms, ...algorithms]) await get(await signed(pairs[algorithm], algorithm));
    expect(fetched()).toBe(1);
  });

  test('and the shared secret are both good beside each other, and each for its own algorithms alone', async () => {
    const secret = 'the callers secret beside an issuer, HS256';
    const { edge, get } = startWithIssuer(good, { NEXUS_JWT_SECRET: secret });
    expect((await get(await tokenWith({}, secret))).status).toBe(200);
    expect((await get(await signed(pairs.ES256, 'ES256'))).status).toBe(200);
    const asSecret = new TextEncoder().encode(JSON.stringify(published[0]));
    edge.asked.length = 0;
    await expectRefusedAtTheEdge(edge, await get(await tokenWith({}, asSecret, { kid: 'RS256' })), 'auth.unauthenticated');
  });

  test('mark their own tokens as the platform’s, when they are so marked', async () => {
    const token = () => signed(pairs.ES256, 'ES256', 'ES256', { tenant_id: 't_system' });
    expect((await startWithIssuer(good, { NEXUS_PLATFORM_KEYS: 'jwks' }).get(await token())).status).toBe(200);
    await expectRefusal(await startWithIssuer(good, { NEXUS_PLATFORM_KEYS: 'secret' }).get(await token()), 'auth.context_forbidden');
  });
});

describe('401', () => {
  test('a key that the issuer does not publish, under a known id and under an unknown one', async () => {
    const { edge, get, fetched } = startWithIssuer(good);
    await expectRefusedAtTheEdge(edge, await get(await signed(pairs.unpublished, 'ES256')), 'auth.unauthenticated');
    await expectRefusedAtTheEdge(edge, await get(await signed(pairs.unpublished, 'ES256', 'other')), 'auth.unauthenticated');
    await expectRefusedAtTheEdge(edge, await get(await signed(pairs.unpublished, 'ES256', 'another')), 'auth.unauthenticated');
    expect(fetched(), 'unknown ids do not make it ask again and again').toBe(1);
  });

  test('an algorithm that the key is not for', async () => {
    const { edge, get } = startWithIssuer(good);
    await expectRefusedAtTheEdge(edge, await get(await signed(pairs.ES256, 'ES256', 'RS256')), 'auth.unauthenticated');
  });

  test('an asymmetric token where only a secret is configured', async () => {
    const edge = startEdge();
    const answer = await edge.request('/nexus/spaces/s1', { headers: bearer(await signed(pairs.ES256, 'ES256')) });
    await expectRefusedAtTheEdge(edge, answer, 'auth.unauthenticated');
  });
});

describe('503: keys that cannot be read are not the caller’s fault', () => {
  test.each<[string, () => Response | Promise<Response>]>([
    ['an issuer that cannot be reached', () => Promise.reject(new TypeError('connection refused'))],
    ['an issuer that fails', () => new Response('down', { status: 500 })],
    ['an issuer that redirects', () => new Response(null, { status: 302, headers: { location: 'https://evil.test/keys' } })],
    ['an issuer that answers with a page', () => new Response('<html>')],
    ['an issuer that answers with other JSON', () => Response.json({ keys: 'none' })],
  ])('%s', async (_, answer) => {
    const { edge, get } = startWithIssuer(answer);
    const error = await expectRefusedAtTheEdge(edge, await get(await signed(pairs.ES256, 'ES256')), 'nexus.upstream_unavailable');
    expect(error.message).not.toContain('issuer.test');
  });

  test('and it works again as soon as the issuer does', async () => {
    let up = false;
    const { get } = startWithIssuer(() => (up ? good() : new Response('down', { status: 503 })));
    const token = await signed(pairs.ES256, 'ES256');
    expect((await get(token)).status).toBe(503);
    up = true;
    expect((await get(token)).status).toBe(200);
  });
});
