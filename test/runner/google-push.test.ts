import { readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toBase64Url, utf8 } from '../../shared/bytes.ts';
import { deleteEvent } from './push-events.ts';
import { type RunningRunner, startRunner } from './running-runner.ts';

/** A cloud runner, and an issuer of our own in Google's place: which pushes are believed, seen from the wire. */

const audience = 'https://worker.example';
const email = 'nexus-push@project.iam.example';

let issuer: Server;
let jwksUrl: string;
let published: JWK[];
let isDown = false;
let fetched = 0;
let runner: RunningRunner;
let key: CryptoKey;
let publicPem: string;

const newKey = async (kid: string): Promise<CryptoKey> => {
  const pair = await generateKeyPair('RS256', { extractable: true });
  published = [...(published ?? []), { ...(await exportJWK(pair.publicKey)), kid, alg: 'RS256', use: 'sig' }];
  publicPem = await exportSPKI(pair.publicKey);
  return pair.privateKey;
};

beforeAll(async () => {
  key = await newKey('g1');
  issuer = createServer((_, response) => {
    fetched += 1;
    response.statusCode = isDown ? 500 : 200;
    response.setHeader('content-type', 'application/json').end(isDown ? '{}' : JSON.stringify({ keys: published }));
  });
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
  const address = issuer.address();
  jwksUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/certs`;
  runner = await startRunner({ env: cloud() });
});
afterAll(async () => {
  await runner?.stop();
  issuer?.close();
});

/** Port 1 answers nobody: this runner publishes nothing, it only takes pushes. */
const cloud = (): Record<string, string> => ({
  NEXUS_PROFILE: 'cloud',
  NEXUS_EVENTS: 'pubsub',
  NEXUS_PUBSUB_TOPIC: 'projects/nexus-test/topics/events',
  NEXUS_PUSH_AUDIENCE: audience,
  NEXUS_PUSH_EMAIL: email,
  NEXUS_PUSH_JWKS_URL: jwksUrl,
  PUBSUB_EMULATOR_HOST: '127.0.0.1:1',
});

type Claims = Record<string, unknown>;
const second = (): number => Math.floor(Date.now() / 1000);
const claims = (): Claims => ({
  iss: 'https://accounts.google.com',
  aud: audience,
  email,
  email_verified: true,
  sub: '1',
  iat: second(),
  exp: second() + 3600,
});
const tokenWith = (changed: Claims = {}, signer: CryptoKey | Uint8Array = key, header: Claims = {}): Promise<string> =>
  new SignJWT(JSON.parse(JSON.stringify({ ...claims(), ...changed }))).setProtectedHeader({ alg: 'RS256', kid: 'g1', ...header }).sign(signer);

const push = (token: string | undefined, path = '/worker/events', body: unknown = deleteEvent()): Promise<Response> =>
  fetch(runner.origin + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });

const written = (): string[] => readdirSync(runner.folder, { recursive: true }).map(String).sort();

describe('a push is answered 401, and nothing happens,', () => {
  const unsigned = (): string => {
    const part = (value: unknown): string => toBase64Url(utf8(JSON.stringify(value)));
    return `${part({ alg: 'none', typ: 'JWT', kid: 'g1' })}.${part(claims())}.`;
  };
  test.each<[string, () => Promise<string | undefined>]>([
    ['with no token', async () => undefined],
    ['with another audience', () => tokenWith({ aud: 'https://other.example' })],
    ['of another account', () => tokenWith({ email: 'other@project.iam.example' })],
    ['of an account that is not verified', () => tokenWith({ email_verified: false })],
    ['of another issuer', () => tokenWith({ iss: 'https://issuer.example' })],
    ['that has expired', () => tokenWith({ exp: second() - 120 })],
    ['that is not yet valid', () => tokenWith({ nbf: second() + 600 })],
    ['that was made in the future', () => tokenWith({ iat: second() + 600 })],
    ['with alg none', async () => unsigned()],
    ['with HS256 and the public key as secret', () => tokenWith({}, utf8(publicPem), { alg: 'HS256' })],
    ['signed by a stranger', async () => tokenWith({}, (await generateKeyPair('RS256')).privateKey)],
  ])('%s', async (_, token) => {
    const before = written();
    for (const path of ['/worker/events', '/worker/dead-letters', '/worker/sweep']) {
      const answer = await push(await token(), path);
      expect([path, answer.status]).toEqual([path, 401]);
      expect(await answer.json()).toMatchObject({ error: { code: 'auth.unauthenticated' } });
    }
    expect(written()).toEqual(before);
  });
});

test('a push of the configured account is taken, its keys are fetched once, and its event is carried out', async () => {
  const before = fetched;
  for (let time = 0; time < 3; time++) expect((await push(await tokenWith())).status).toBe(204);
  expect(fetched - before).toBeLessThanOrEqual(1);
  expect(written().some((name) => name.endsWith('result.json'))).toBe(true);
});

test('while the issuer’s keys cannot be had, a push is put off: 503, and taken when they can', async () => {
  isDown = true;
  const late = await startRunner({ env: cloud() });
  const ask = async (): Promise<number> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${await tokenWith()}` };
    return (await fetch(`${late.origin}/worker/sweep`, { method: 'POST', headers })).status;
  };
  try {
    expect(await ask()).toBe(503);
    isDown = false;
    expect(await ask()).toBe(200);
  } finally {
    isDown = false;
    await late.stop();
  }
});

test('without the spine nothing is accepted: 503 that may be repeated, and no task', async () => {
  const answer = await runner.call('POST', '/nexus/spaces/s/ingest', { documents: [{ id: 'd', text: 'x' }] });
  expect(answer).toMatchObject({ status: 503, body: { error: { code: 'nexus.upstream_unavailable', retryable: true } } });
  expect((await runner.call('GET', '/nexus/tasks?space_id=s')).body).toMatchObject({ tasks: [] });
});
