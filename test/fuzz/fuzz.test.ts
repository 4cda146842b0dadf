import { join } from 'node:path';
import fc from 'fast-check';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bindingsSchema } from '../../edge/bindings.ts';
import { createEdge } from '../../edge/create-edge.ts';
import { loadPushKey } from '../../runner/adapters/spool/push-key.ts';
import { utf8 } from '../../shared/bytes.ts';
import { type ErrorCode, errorCodes, statusOf } from '../../shared/errors.ts';
import { eventSchema, pushSchema } from '../../shared/events.ts';
import { sealGrant } from '../../shared/grant.ts';
import { caller, cursorKeys, grantSecret, type RunningRunner, startRunner } from '../runner/running-runner.ts';
import { scaled } from '../scale.ts';
import { type Found, type FuzzedRequest, fuzzedPush, fuzzedRequest } from './fuzzed-request.ts';

/**
 * Whatever is sent, by whomever, is answered: never with 500, always in the one envelope, in time, and nothing of it is
 * left behind. The requests are the same in every run; the long run goes on from there.
 */

const atEdge = scaled(2_000);
const atRunner = scaled(2_500);
const pushes = scaled(500);
const seed = 6;
const perBatch = 500;
const atOnce = 16;
const answerWithinMs = 120_000;
const jwtSecret = 'a-jwt-secret-that-only-the-fuzzer-knows';

let runner: RunningRunner;
let found: Found;
let token: string;
let edge: { request: (path: string, init: RequestInit) => Response | Promise<Response> };
const rejections: unknown[] = [];
const note = (reason: unknown) => rejections.push(reason);

beforeAll(async () => {
  process.on('unhandledRejection', note);
  runner = await startRunner();
  const bindings = bindingsSchema.parse({
    NEXUS_JWT_SECRET: jwtSecret,
    NEXUS_GRANT_SECRET: grantSecret,
    NEXUS_CURSOR_KEYS: cursorKeys,
    NEXUS_RUNNERS: runner.origin,
    NEXUS_ROUTES: JSON.stringify(runner.services.registry()),
  });
  edge = createEdge({
    bindings,
    version: '0',
    fetch: (url, outgoing) => fetch(url, outgoing as RequestInit),
    now: Date.now,
    newRequestId: () => 'req_fuzz',
    after(delayMs, fire) {
      const timer = setTimeout(fire, delayMs);
      return () => clearTimeout(timer);
    },
    log: () => undefined,
  });
  const claims = { sub: 'fuzzer', exp: Date.now() / 1000 + 86_400, tenant_id: 't_a', env: 'dev', project_id: 'p1', surface_id: 'marketing', roles: ['writer'] };
  token = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(utf8(jwtSecret));

  const documents = Array.from({ length: 30 }, (_, index) => ({
    id: `d${index}`,
    text: `one more thing about x${index}`,
    metadata: { a: index, tags: ['x'] },
  }));
  const tasks = [await runner.ingest('s1', { documents }), await runner.ingest('s2', { documents })].map(({ task_id }) => task_id as string);
  await runner.call('PUT', '/nexus/spaces/s1/blobs/f1', utf8('a file'));
  const pages = await Promise.all([
    runner.call('POST', '/nexus/spaces/s1/query', { query: 'thing', limit: 2 }),
    runner.call('GET', '/nexus/spaces/s1/documents?limit=2'),
    runner.call('GET', '/nexus/tasks?limit=1'),
    runner.call('GET', '/nexus/spaces?limit=1'),
  ]);
  found = { tasks, cursors: pages.map(({ body }) => body.next_cursor as string) };
  expect(found.cursors.map((cursor) => typeof cursor)).toEqual(Array(4).fill('string'));
});
afterAll(async () => {
  process.off('unhandledRejection', note);
  await runner.stop();
});

/** @throws unless it is an answer that the contract knows */
const judge = async (answer: Response, sent: { method: string; body: string | undefined }): Promise<number> => {
  const text = await answer.text();
  const shown = `${answer.status} ${text.slice(0, 500)} for ${JSON.stringify(sent).slice(0, 2_000)}`;
  if (answer.status === 500 || answer.status < 200) throw new Error(shown);
  if (answer.status >= 400 && sent.method !== 'HEAD') {
    const { error } = JSON.parse(text) as { error: { code: ErrorCode; http_status: number; message: string } };
    const isRight =
      errorCodes.includes(error.code) && statusOf(error.code) === answer.status && error.http_status === answer.status && error.message.length > 10;
    if (!isRight) throw new Error(shown);
  }
  return answer.status;
};

/** Samples in batches, so that a million of them need not be held. @returns how often each status was answered */
const fuzz = async <T>(arbitrary: fc.Arbitrary<T>, count: number, send: (one: T) => Promise<number>): Promise<Record<number, number>> => {
  const statuses: Record<number, number> = {};
  for (let done = 0, batch = 0; done < count; done += perBatch, batch++) {
    const all = fc.sample(arbitrary, { numRuns: Math.min(perBatch, count - done), seed: seed + batch })[Symbol.iterator]();
    const work = async (): Promise<void> => {
      for (const one of all) {
        const status = await send(one);
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }
  return statuses;
};

const damaged = (text: string, where: number): string => {
  const at = where % text.length;
  return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
};

const shownOf = ({ body, ...request }: FuzzedRequest) => ({ ...request, body: body === undefined ? undefined : new TextDecoder().decode(body) });
const bodyFor = ({ method, body }: FuzzedRequest): RequestInit =>
  body === undefined || method === 'GET' || method === 'HEAD' ? {} : { body: body as Uint8Array<ArrayBuffer> };

const nothingLeft = async (): Promise<void> => {
  const { work, uploads, bodies } = runner.services.admission;
  await expect.poll(() => [work.running(), work.waiting(), uploads.running(), bodies.held()]).toEqual([0, 0, 0, 0]);
  expect(rejections).toEqual([]);
};

describe('a fuzzed request', () => {
  test('to the edge gets an answer of the contract', { timeout: answerWithinMs * 10 }, async () => {
    const statuses = await fuzz(fuzzedRequest(found), atEdge, async (request) => {
      const credential = request.credential === 'damaged' ? damaged(token, request.damage) : token;
      const headers = { ...request.headers, ...(request.credential === 'none' ? {} : { authorization: `Bearer ${credential}` }) };
      const sent = { method: request.method, headers, ...bodyFor(request) };
      return judge(await edge.request(`http://edge${request.path}`, { ...sent, signal: AbortSignal.timeout(answerWithinMs) }), shownOf(request));
    });
    for (const status of [200, 202, 401, 404, 410, 422]) expect(statuses[status], `answers of ${status}`).toBeGreaterThan(0);
    await nothingLeft();
  });

  test('to the runner gets an answer of the contract', { timeout: answerWithinMs * 10 }, async () => {
    const statuses = await fuzz(fuzzedRequest(found), atRunner, async (request) => {
      const url = new URL(request.path, runner.origin);
      const seen = { method: request.method, path: url.pathname, query: url.search, request_id: 'req_fuzz', routes: ['store', 'blobs'] };
      const grant = await sealGrant({ context: caller(), ...seen }, grantSecret, Date.now());
      const credential = request.credential === 'damaged' ? damaged(grant, request.damage) : grant;
      const headers = { ...request.headers, ...(request.credential === 'none' ? {} : { 'x-nexus-grant': credential }) };
      const sent = { method: request.method, headers, ...bodyFor(request) };
      return judge(await fetch(url, { ...sent, signal: AbortSignal.timeout(answerWithinMs) }), shownOf(request));
    });
    for (const status of [200, 202, 401, 404, 410, 422]) expect(statuses[status], `answers of ${status}`).toBeGreaterThan(0);
    await nothingLeft();
  });

  test('as a push is acknowledged or asked for again', { timeout: answerWithinMs * 10 }, async () => {
    const key = await loadPushKey(join(runner.folder, 'spool/push-key.json'));
    const authorization = `Bearer ${await key.sign('nexus-local-worker', Date.now())}`;
    const statuses = await fuzz(fuzzedPush(pushSchema, eventSchema), pushes, async (body) => {
      const headers = { 'content-type': 'application/json', authorization };
      const sent = { method: 'POST', headers, body: body as Uint8Array<ArrayBuffer>, signal: AbortSignal.timeout(answerWithinMs) };
      return judge(await fetch(`${runner.origin}/worker/events`, sent), { method: 'POST', body: new TextDecoder().decode(body) });
    });
    expect(statuses[204]).toBeGreaterThan(0);
    await nothingLeft();
  });
});
