import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventSchema, pushSchema } from '../../shared/events.ts';
import { scaledTo } from '../scale.ts';
import { fuzzedOther, type OtherRequest } from './fuzzed-other.ts';
import { type FuzzedRequest, fuzzedPush, fuzzedRequest } from './fuzzed-request.ts';
import { watchHeap } from './heap.ts';
import { judge } from './judge.ts';
import { type FuzzedArea, startWorld, type World } from './world.ts';

/**
 * Whatever is sent, by whomever, is answered: never with 500, always in the one envelope, in time, and nothing of it is
 * left behind. The requests are the same in every run; the long run, a million, goes on from there.
 */

const atEdge = scaledTo(2_000, 430_000);
const atRunner = scaledTo(2_000, 430_000);
const others = scaledTo(500, 40_000);
const pushes = scaledTo(500, 100_000);
const seed = 6;
const perBatch = 500;
/** In one area: lists of its tasks stay short. */
const perArea = 10_000;
const atOnce = 16;
const answerWithinMs = 120_000;
const timeout = scaledTo(20, 240) * 60_000;

let world: World;
const rejections: unknown[] = [];
const note = (reason: unknown) => rejections.push(reason);
/** Wrong answers and none: a long run goes on, and tells them at its end. */
const wrong: string[] = [];
const wrongShown = 50;
const causes = (): string =>
  JSON.stringify(world.runner.logged.filter(({ event, fields }) => event === 'request.failed' && fields?.code === 'nexus.internal').at(-1));
const heap = watchHeap();

beforeAll(async () => {
  process.on('unhandledRejection', note);
  world = await startWorld();
});
afterAll(async () => {
  process.off('unhandledRejection', note);
  await world.stop();
});

/** A run that takes long says how far it is. */
const report = (what: string, done: number, count: number, sinceMs: number): void => {
  const { heap: heapMiB, resident } = heap.look();
  if (count < 10 * perArea) return;
  const perSecond = Math.round((done * 1000) / (performance.now() - sinceMs));
  process.stdout.write(
    `${new Date().toISOString()} fuzz ${what}: ${done} of ${count}, ${perSecond}/s, heap ${heapMiB} MiB, resident ${resident} MiB, wrong ${wrong.length}\n`,
  );
};

/** Samples in batches, so that a million of them need not be held. @returns how often each status was answered */
const fuzz = async <T>(
  what: string,
  count: number,
  arbitraryOf: (area: FuzzedArea) => fc.Arbitrary<T>,
  send: (one: T, area: FuzzedArea) => Promise<number>,
): Promise<Record<number, number>> => {
  const statuses: Record<number, number> = {};
  const startedMs = performance.now();
  const batches = Math.ceil(count / perBatch);
  const lookEvery = Math.max(1, Math.floor(batches / 40));
  let area = await world.newArea();
  let arbitrary = arbitraryOf(area);
  for (let batch = 0, done = 0; done < count; batch++) {
    if (done > 0 && done % perArea === 0) {
      area = await world.newArea();
      arbitrary = arbitraryOf(area);
    }
    const all = fc.sample(arbitrary, { numRuns: Math.min(perBatch, count - done), seed: seed + batch });
    const left = all[Symbol.iterator]();
    const work = async (): Promise<void> => {
      for (const one of left) {
        const status = await send(one, area).catch((error: unknown) => {
          if (wrong.length < wrongShown) wrong.push(`${error} ${causes()}`);
          return 0;
        });
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    done += all.length;
    world.runner.logged.length = 0;
    if (batch % lookEvery === 0 || done === count) report(what, done, count, startedMs);
  }
  return statuses;
};

const initOf = ({ method, body }: FuzzedRequest | OtherRequest, headers: Record<string, string>): RequestInit => ({
  method,
  headers,
  signal: AbortSignal.timeout(answerWithinMs),
  ...(body === undefined || method === 'GET' || method === 'HEAD' ? {} : { body: body as Uint8Array<ArrayBuffer> }),
});

const nothingWrong = async (): Promise<void> => {
  const { work, uploads, bodies } = world.runner.services.admission;
  await expect.poll(() => [work.running(), work.waiting(), uploads.running(), bodies.held()], { timeout: answerWithinMs }).toEqual([0, 0, 0, 0]);
  expect(wrong).toEqual([]);
  expect(rejections).toEqual([]);
  expect(heap.growth()).toBeLessThan(heap.toleratedBytes);
};

describe('a fuzzed request', () => {
  test('to the edge gets an answer of the contract', { timeout }, async () => {
    const byArea = ({ found }: FuzzedArea) => fuzzedRequest(found);
    const statuses = await fuzz('edge', atEdge, byArea, async (request, area) => {
      const token = await area.tokenFor(request.credential);
      const headers = { ...request.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
      return judge(await world.askEdge(request.path, initOf(request, headers)), request);
    });
    for (const status of [200, 202, 400, 401, 403, 404, 410, 422]) expect(statuses[status], `answers of ${status}`).toBeGreaterThan(0);
    await nothingWrong();
  });

  test('to the runner gets an answer of the contract', { timeout }, async () => {
    const byArea = ({ found }: FuzzedArea) => fuzzedRequest(found);
    const statuses = await fuzz('runner', atRunner, byArea, async (request, area) => {
      const url = new URL(request.path, world.runner.origin);
      const grant = await area.grantFor(request.credential, { method: request.method, path: url.pathname, query: url.search });
      const headers = { ...request.headers, ...(grant === undefined ? {} : { 'x-nexus-grant': grant }) };
      return judge(await fetch(url, initOf(request, headers)), request);
    });
    for (const status of [200, 202, 401, 404, 410, 422]) expect(statuses[status], `answers of ${status}`).toBeGreaterThan(0);
    await nothingWrong();
  });

  test('beside the API, of agents and of nobody, gets an answer of the contract', { timeout }, async () => {
    let turn = 0;
    const statuses = await fuzz(
      'others',
      others,
      () => fuzzedOther,
      async (request, area) => {
        turn += 1;
        if (turn % 4 === 0 && request.path !== '/mcp') return judge(await fetch(world.runner.origin + request.path, initOf(request, request.headers)), request);
        const headers = { ...request.headers, authorization: `Bearer ${await area.tokenFor({ kind: turn % 9 === 0 ? 'none' : 'good' })}` };
        return judge(await world.askEdge(request.path, initOf(request, headers)), request);
      },
    );
    for (const status of [200, 401, 404, 405]) expect(statuses[status], `answers of ${status}`).toBeGreaterThan(0);
    await nothingWrong();
  });

  test('as a push is acknowledged or asked for again', { timeout }, async () => {
    let turn = 0;
    const statuses = await fuzz(
      'pushes',
      pushes,
      () => fuzzedPush(pushSchema, eventSchema),
      async (body) => {
        turn += 1;
        const path = turn % 8 === 0 ? '/worker/dead-letters' : '/worker/events';
        const headers = { 'content-type': 'application/json', ...(turn % 20 === 0 ? {} : { authorization: `Bearer ${await world.pushToken()}` }) };
        const sent = { method: 'POST', headers, body: body as Uint8Array<ArrayBuffer>, signal: AbortSignal.timeout(answerWithinMs) };
        return judge(await fetch(world.runner.origin + path, sent), { method: 'POST', path, body });
      },
    );
    expect(statuses[204]).toBeGreaterThan(0);
    expect(Object.keys(statuses).filter((status) => !['204', '401', '422', '400', '429', '503'].includes(status))).toEqual([]);
    await nothingWrong();
  });
});
