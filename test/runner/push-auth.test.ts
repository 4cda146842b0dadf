import { type CryptoKey, createLocalJWKSet, exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTVerifyGetKey, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { googlePushIssuers, type PushRequest, verifyLocalPush, verifyPushToken } from '../../runner/worker/push-auth.ts';
import { toBase64Url, utf8 } from '../../shared/bytes.ts';
import { NexusError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { type RunningRunner, startRunner } from './running-runner.ts';

const nowMs = Date.UTC(2026, 4, 1, 10);
const nowSeconds = nowMs / 1000;
const audience = 'https://runner.example/worker/events';
const email = 'pusher@project.iam.example';
type Claims = Record<string, unknown>;
const claims: Claims = {
  iss: 'https://accounts.google.com',
  aud: audience,
  email,
  email_verified: true,
  sub: '123',
  iat: nowSeconds - 10,
  exp: nowSeconds + 3600,
};

let signer: CryptoKey;
let stranger: CryptoKey;
let keys: JWTVerifyGetKey;
let publicPem: string;
let publicJwk: JWK;
beforeAll(async () => {
  const pair = await generateKeyPair('RS256', { extractable: true });
  signer = pair.privateKey;
  stranger = (await generateKeyPair('RS256')).privateKey;
  publicPem = await exportSPKI(pair.publicKey);
  publicJwk = { ...(await exportJWK(pair.publicKey)), kid: 'g1', alg: 'RS256' };
  keys = createLocalJWKSet({ keys: [publicJwk as JWK & { kty: string }] });
});

const tokenWith = (changed: Claims = {}, { key = signer as CryptoKey | Uint8Array, header = {} } = {}): Promise<string> =>
  new SignJWT(JSON.parse(JSON.stringify({ ...claims, ...changed }))).setProtectedHeader({ alg: 'RS256', kid: 'g1', ...header }).sign(key);

const verify = (authorization: string | undefined, source: JWTVerifyGetKey = keys): Promise<void> =>
  verifyPushToken(
    { keys: source, issuers: googlePushIssuers, audience, email },
    () => nowMs,
  )({ authorization, contentType: 'application/json', origin: undefined });

const codeOf = async (work: Promise<void>): Promise<string> =>
  work.then(
    () => 'taken',
    (error: unknown) => {
      if (error instanceof NexusError) return error.code;
      throw error;
    },
  );

describe('a push’s token', () => {
  test('of the configured account, by either spelling of the issuer, is taken', async () => {
    for (const iss of googlePushIssuers) expect(await codeOf(verify(`Bearer ${await tokenWith({ iss })}`))).toBe('taken');
  });

  test.each<[string, Claims]>([
    ['for another audience', { aud: 'https://runner.example/' }],
    ['for no audience', { aud: undefined }],
    ['of another issuer', { iss: 'https://accounts.google.com.evil.example' }],
    ['of no issuer', { iss: undefined }],
    ['of another account', { email: 'other@project.iam.example' }],
    ['of the account in other letters', { email: email.toUpperCase() }],
    ['of several accounts', { email: [email] }],
    ['of no account', { email: undefined }],
    ['of an account that is not verified', { email_verified: false }],
    ['of an account that is "verified"', { email_verified: 'true' }],
    ['of an account of which that is not said', { email_verified: undefined }],
    ['out of time', { exp: nowSeconds - limits.clockSkewMs / 1000 - 1 }],
    ['without an end', { exp: undefined }],
    ['without a beginning', { iat: undefined }],
    ['made in the future', { iat: nowSeconds + limits.clockSkewMs / 1000 + 5 }],
    ['not yet good', { nbf: nowSeconds + limits.clockSkewMs / 1000 + 5 }],
  ])('%s is refused', async (_, changed) => {
    expect(await codeOf(verify(`Bearer ${await tokenWith(changed)}`))).toBe('auth.unauthenticated');
  });

  test('signed by a stranger, also under the known key’s id, is refused', async () => {
    for (const kid of ['g1', 'g2'])
      expect(await codeOf(verify(`Bearer ${await tokenWith({}, { key: stranger, header: { kid } })}`))).toBe('auth.unauthenticated');
  });

  test('that nobody signed is refused', async () => {
    const part = (value: unknown): string => toBase64Url(utf8(JSON.stringify(value)));
    for (const alg of ['none', 'None', 'RS256'])
      expect(await codeOf(verify(`Bearer ${part({ alg, kid: 'g1' })}.${part(claims)}.`))).toBe('auth.unauthenticated');
  });

  test('signed by HS256 with the public key as the secret is refused', async () => {
    for (const secret of [publicPem, JSON.stringify(publicJwk), String(publicJwk.n)]) {
      expect(await codeOf(verify(`Bearer ${await tokenWith({}, { key: utf8(secret), header: { alg: 'HS256' } })}`))).toBe('auth.unauthenticated');
    }
  });

  test('with its payload changed is refused', async () => {
    const [header, , signature] = (await tokenWith()).split('.');
    const other = toBase64Url(utf8(JSON.stringify({ ...claims, email: 'other@x' })));
    expect(await codeOf(verify(`Bearer ${header}.${other}.${signature}`))).toBe('auth.unauthenticated');
  });

  test('with any one character changed is refused', async () => {
    const token = await tokenWith();
    for (let at = 0; at < token.length; at++) {
      const changed = token.slice(0, at) + (token[at] === 'A' ? 'w' : 'A') + token.slice(at + 1);
      expect(await codeOf(verify(`Bearer ${changed}`))).toBe('auth.unauthenticated');
    }
  });

  test.each([undefined, '', 'Bearer', 'Bearer ', 'Bearer a.b.c', 'Basic eDp5', 'Bearer a b'])('is no token: %j is refused', async (authorization) => {
    expect(await codeOf(verify(authorization))).toBe('auth.unauthenticated');
  });

  test('without the word Bearer is refused', async () => {
    expect(await codeOf(verify(await tokenWith()))).toBe('auth.unauthenticated');
  });

  test('that cannot be judged because the issuer’s keys cannot be had is not refused but put off', async () => {
    const down: JWTVerifyGetKey = async () => {
      throw new TypeError('fetch failed');
    };
    const error = await verify(`Bearer ${await tokenWith()}`, down).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'nexus.upstream_unavailable', status: 503, retryable: true });
  });
});

describe('with NEXUS_PUSH_AUTH=none', () => {
  const local = (request: Partial<PushRequest>): Promise<string> =>
    codeOf(verifyLocalPush({ authorization: undefined, contentType: 'application/json', origin: undefined, ...request }));

  test('JSON from a local program is taken', async () => {
    expect([await local({}), await local({ contentType: 'application/json; charset=utf-8' })]).toEqual(['taken', 'taken']);
  });

  test.each<Partial<PushRequest>>([
    { origin: 'http://evil.example' },
    { origin: 'http://127.0.0.1:8788' },
    { origin: 'null' },
    { origin: '' },
    { contentType: undefined },
    { contentType: 'text/plain' },
    { contentType: 'text/plain; application/json' },
    { contentType: 'application/x-www-form-urlencoded' },
    { contentType: 'multipart/form-data; boundary=x' },
  ])('what a web page can send without being asked is refused: %o', async (request) => {
    expect(await local(request)).toBe('auth.unauthenticated');
  });
});

describe('the worker endpoints of a running runner', () => {
  let runner: RunningRunner;
  beforeAll(async () => {
    runner = await startRunner();
  });
  afterAll(() => runner.stop());

  test.each(['/worker/events', '/worker/dead-letters', '/worker/sweep'])(
    '%s takes nothing without a token, with a wrong one, or with an edge’s grant',
    async (path) => {
      const post = (headers: Record<string, string>): Promise<Response> =>
        fetch(runner.origin + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{}' });
      for (const headers of [{}, { authorization: `Bearer ${await tokenWith()}` }, { authorization: 'Bearer x' }] as Record<string, string>[]) {
        const answer = await post(headers);
        expect(answer.status).toBe(401);
        expect(await answer.json()).toMatchObject({ error: { code: 'auth.unauthenticated' } });
      }
      expect((await runner.call('POST', path, {})).status).toBe(401);
    },
  );
});
