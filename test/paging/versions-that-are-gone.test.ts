import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { maintain } from '../../runner/store/maintain.ts';
import type { SpacePlace } from '../../runner/store/spaces.ts';
import { spaceKey } from '../../shared/space-key.ts';
import { type Answer, caller, type RunningRunner, startRunner } from '../runner/running-runner.ts';
import { documentOf } from './collection.ts';
import { random } from './random.ts';

let runner: RunningRunner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.stop());

const choice = random(3);
const load = (space: string, count: number, prefix = 'd') =>
  runner.ingest(space, { documents: Array.from({ length: count }, (_, index) => documentOf(choice, 'given', `${prefix}${index}`)) });

/** Everything that pages, each as: first page → next page. */
const walks: Record<string, (space: string, cursor?: string) => Promise<Answer>> = {
  query: (space, cursor) =>
    runner.call('POST', `/nexus/spaces/${space}/query`, { vector: [1, 2, 3, 4], limit: 10, ...(cursor === undefined ? {} : { cursor }) }),
  'text query': (space, cursor) =>
    runner.call('POST', `/nexus/spaces/${space}/query`, { query: 'kilo lima papa zulu', mode: 'text', limit: 3, ...(cursor === undefined ? {} : { cursor }) }),
  'document list': (space, cursor) =>
    runner.call('GET', `/nexus/spaces/${space}/documents?limit=10${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`),
};

const firstCursor = async (next: (typeof walks)[string], space: string): Promise<string> => {
  const { status, body } = await next(space);
  expect(status).toBe(200);
  expect(body.next_cursor).toBeTypeOf('string');
  return body.next_cursor;
};

const expectGone = ({ status, body }: Answer): void => {
  expect(status).toBe(410);
  expect(body.error.code).toBe('nexus.cursor_invalid');
};

/** Maintenance as it is after retention: what is current now has been so for longer than any cursor lives. */
const pruneAll = async (space: string): Promise<void> => {
  const { store, nowMs, queue } = runner.services;
  const longAgo = (place: SpacePlace): SpacePlace => {
    const { head } = place.records;
    return { ...place, records: { ...place.records, head: { ...head, currentSince: async () => nowMs() + 3_600_000 } } };
  };
  const outcome = await queue.withLease(spaceKey(caller(), 'tenant', space), (place) => maintain({ store, nowMs }, longAgo(place)));
  expect(outcome?.failures).toEqual([]);
};

const until202 = async (answer: Answer): Promise<void> => {
  expect(answer.status).toBe(202);
  for (;;) {
    const { body } = await runner.call('GET', `/nexus/tasks/${answer.body.task_id}`);
    if (body.status === 'succeeded') return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

describe.each(Object.entries(walks))('a cursor of a %s', (name, next) => {
  const space = name.replace(' ', '-');

  test('is good while its version is kept, and 410 when the version was pruned', { timeout: 20_000 }, async () => {
    await load(`${space}-pruned`, 40);
    const cursor = await firstCursor(next, `${space}-pruned`);
    await load(`${space}-pruned`, 5);
    expect((await next(`${space}-pruned`, cursor)).status).toBe(200);
    await pruneAll(`${space}-pruned`);
    expectGone(await next(`${space}-pruned`, cursor));
    expect((await next(`${space}-pruned`)).status).toBe(200);
  });

  test('is 410 when the space was deleted', { timeout: 20_000 }, async () => {
    await load(`${space}-deleted`, 40);
    const cursor = await firstCursor(next, `${space}-deleted`);
    await until202(await runner.call('DELETE', `/nexus/spaces/${space}-deleted`));
    expectGone(await next(`${space}-deleted`, cursor));
  });

  test('is 410 when the space began anew, though it has versions again', { timeout: 20_000 }, async () => {
    await load(`${space}-anew`, 40);
    const cursor = await firstCursor(next, `${space}-anew`);
    await until202(await runner.call('DELETE', `/nexus/spaces/${space}-anew`));
    await load(`${space}-anew`, 40, 'n');
    expectGone(await next(`${space}-anew`, cursor));
    expect((await next(`${space}-anew`)).status).toBe(200);
  });
});

test('reads of a space that is deleted and begun anew all the while answer 200 or 404, never an error', { timeout: 40_000 }, async () => {
  const reads = [
    ...Object.values(walks).map((next) => () => next('restless')),
    () => runner.call('POST', '/nexus/spaces/restless/query', { vector: [1, 2, 3, 4], consistency: 'eventual' }),
    () => runner.call('GET', '/nexus/spaces/restless'),
    () => runner.call('GET', '/nexus/spaces/restless/documents/d1?include=text'),
  ];
  let isOn = true;
  const refused: string[] = [];
  const readers = reads.map(async (read, index) => {
    while (isOn) {
      const { status, body } = await read();
      if (status !== 200 && status !== 404) refused.push(`${index}: ${status} ${JSON.stringify(body)}`);
    }
  });
  for (let round = 0; round < 12; round++) {
    await load('restless', 30);
    await until202(await runner.call('DELETE', '/nexus/spaces/restless'));
  }
  isOn = false;
  await Promise.all(readers);
  expect(refused).toEqual([]);
});
