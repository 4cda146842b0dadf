import { decodeProtectedHeader, exportPKCS8, generateKeyPair, jwtVerify } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../shared/limits.ts';
import { expectRefusedAtTheEdge, nowMs, startEdge } from './edge-under-test.ts';
import { bearerWith } from './tokens.ts';

/** A private runner sees Google's word for who the edge is; Google sees an assertion that the edge's own account signed. */

const tokenUrl = 'https://token.test/token';
const email = 'edge@project.iam.example';
const runners = 'https://runner-a.test';
const path = '/nexus/spaces';
let pair: Awaited<ReturnType<typeof generateKeyPair>>;
let account: string;
beforeAll(async () => {
  pair = await generateKeyPair('RS256', { extractable: true });
  account = JSON.stringify({ client_email: email, private_key: await exportPKCS8(pair.privateKey), private_key_id: 'k1', token_uri: tokenUrl });
});

const privateEdge = (answer: (exchange: number) => Response | Promise<Response>, env: Record<string, string> = {}) => {
  const assertions: string[] = [];
  const clock = { ms: nowMs };
  const edge = startEdge({
    env: { NEXUS_RUNNERS: runners, NEXUS_RUNNER_SERVICE_ACCOUNT: account, ...env },
    now: () => clock.ms,
    async others(url, { body }) {
      expect(url).toBe(tokenUrl);
      const form = new URLSearchParams(new TextDecoder().decode(body as Uint8Array));
      expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
      return answer(assertions.push(String(form.get('assertion'))));
    },
  });
  return { edge, assertions, clock, ask: async () => edge.request(path, { headers: await bearerWith({ exp: nowMs / 1000 + 100_000 }) }) };
};
const idToken = (exchange: number): Response => Response.json({ id_token: `token-${exchange}` });

describe('with the key of a service account', () => {
  test('each request to a runner carries an ID token for its origin, which one signed assertion has brought', async () => {
    const { edge, assertions, ask } = privateEdge(idToken);
    for (let time = 0; time < 3; time++) expect((await ask()).status).toBe(200);
    expect(edge.asked.map(({ headers }) => headers.get('x-serverless-authorization'))).toEqual(Array(3).fill('Bearer token-1'));
    expect(assertions).toHaveLength(1);
    expect(decodeProtectedHeader(assertions[0] ?? '')).toMatchObject({ alg: 'RS256', kid: 'k1' });
    const options = { issuer: email, subject: email, audience: tokenUrl, currentDate: new Date(nowMs) };
    expect((await jwtVerify(assertions[0] ?? '', pair.publicKey, options)).payload).toMatchObject({ target_audience: runners });
  });

  test('a new one is got shortly before it ends', async () => {
    const { edge, clock, ask } = privateEdge(idToken);
    await ask();
    clock.ms += limits.idTokenTtlMs - limits.idTokenSlackMs;
    await ask();
    expect(edge.asked.map(({ headers }) => headers.get('x-serverless-authorization'))).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  test('many requests at once wait for one exchange', async () => {
    const gate = Promise.withResolvers<void>();
    const { edge, assertions, ask } = privateEdge(async (exchange) => {
      await gate.promise;
      return idToken(exchange);
    });
    const answers = Promise.all(Array.from({ length: 8 }, ask));
    await expect.poll(() => assertions.length).toBe(1);
    gate.resolve();
    expect((await answers).map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect([assertions.length, edge.asked.length]).toEqual([1, 8]);
  });

  test('when no token can be had: 503, the runner hears nothing, and the next request tries again', async () => {
    const { edge, assertions, ask } = privateEdge((exchange) => (exchange === 1 ? new Response('no', { status: 400 }) : idToken(exchange)));
    await expectRefusedAtTheEdge(edge, await ask(), 'nexus.upstream_unavailable');
    expect(edge.logged.map(({ event }) => event)).toContain('runner_identity_failed');
    expect((await ask()).status).toBe(200);
    expect(assertions).toHaveLength(2);
  });

  test('a wire that anybody reads on gets no token', async () => {
    const { edge, assertions, ask } = privateEdge(idToken, { NEXUS_RUNNERS: 'http://runner-a.test' });
    await ask();
    expect([edge.asked[0]?.headers.has('x-serverless-authorization'), assertions.length]).toEqual([false, 0]);
  });
});
