import { beforeAll, describe, expect, test } from 'vitest';
import { arrowStream } from '../../shared/http/arrow-stream.ts';
import { commonStack } from './common-stack.ts';
import { type Neighbours, settleNeighbours } from './neighbours.ts';
import { expectRefusal } from './refusal.ts';
import type { Answer } from './send.ts';
import { contextOf } from './stack-caller.ts';

/** Guarantee 4 for maps: points, snapshots and what caches remember of them are a tenant's and a surface's own. */

const stack = commonStack();
let near: Neighbours;
let etags: { json: string; arrow: string };
let cursor: string;

const points = '/nexus/spaces/notes/haze/points';
const arrow = { accept: arrowStream };

beforeAll(async () => {
  near = await settleNeighbours(stack);
  for (const [token, space] of [
    [near.victims, 'notes'],
    [near.victims, 'only-of-the-victim'],
    [near.own, 'notes'],
  ] as const) {
    const accepted = await stack.call('POST', `/nexus/spaces/${space}/haze/snapshot`, { token });
    expect(await stack.waitForTask(token, accepted.body.task_id)).toMatchObject({ status: 'succeeded' });
  }
  // What the victim sees is there, and remembered wherever it is remembered.
  const json = await stack.call('GET', points, { token: near.victims });
  const columns = await stack.call('GET', points, { token: near.victims, headers: arrow });
  expect(json.text).toContain(near.marker);
  expect(columns.text).toContain(near.marker);
  etags = { json: String(json.headers.etag), arrow: String(columns.headers.etag) };
  expect((await stack.call('GET', points, { token: near.victims, headers: { 'if-none-match': etags.json } })).status).toBe(304);
  cursor = (await stack.call('GET', `${points}?limit=2`, { token: near.victims })).body.next_cursor;
});

const looks = [
  '',
  '?bbox=-1,-1,-1,1,1,1',
  '?include_global=true',
  '?field=note',
  `?filter=${encodeURIComponent(JSON.stringify({ owner: 'victim' }))}`,
  `?limit=1&field=owner&include_global=true&bbox=-1,-1,-1,1,1,1`,
];

const expectNothingOfTheVictims = ({ status, text, headers }: Answer): void => {
  expect(status, text).toBe(200);
  expect(text).not.toContain(near.marker);
  expect(Object.values(etags)).not.toContain(headers.etag);
};

describe.each(['notes', 'only-of-the-victim'])('the space %s, of which B has a map', (space) => {
  test.each(looks)("GET …/haze/points%s shows A nothing of it, as JSON and as Arrow, with B's ETag too", async (look) => {
    const path = `/nexus/spaces/${space}/haze/points${look}`;
    for (const accept of [{}, arrow]) {
      expectNothingOfTheVictims(await stack.call('GET', path, { token: near.own, headers: accept }));
      for (const etag of Object.values(etags))
        expectNothingOfTheVictims(await stack.call('GET', path, { token: near.own, headers: { ...accept, 'if-none-match': etag } }));
    }
  });

  test('nor does asking it, of either tier', async () => {
    for (const body of [{ query: 'salaries' }, { query: near.marker, include_global: true, limit: 100 }]) {
      const path = `/nexus/spaces/${space}/haze/points`;
      expectNothingOfTheVictims(await stack.call('POST', path, { token: near.own, body }));
      expectNothingOfTheVictims(await stack.askRunner('POST', path, { context: contextOf({ tenant: near.attacker }), body }));
    }
  });
});

test.each([{ surface: 'health' }, { project: 'p2' }, { env: 'staging' }])("B's own other context %o has no such map", async (other) => {
  const elsewhere = await stack.token({ tenant: near.victim, ...other });
  for (const look of looks)
    for (const headers of [{}, arrow, { 'if-none-match': etags.json }, { ...arrow, 'if-none-match': etags.arrow }])
      expectNothingOfTheVictims(await stack.call('GET', `${points}${look}`, { token: elsewhere, headers }));
  expectNothingOfTheVictims(await stack.call('POST', points, { token: elsewhere, body: { query: near.marker } }));
});

test("a cursor of B's map: 410, from both tiers", async () => {
  expect(cursor).toBeTypeOf('string');
  expectRefusal(await stack.call('GET', `${points}?limit=2&cursor=${cursor}`, { token: near.own }), 'nexus.cursor_invalid');
  const direct = await stack.askRunner('GET', `${points}?limit=2&cursor=${cursor}`, { context: contextOf({ tenant: near.attacker }) });
  expectRefusal(direct, 'nexus.cursor_invalid');
  expect((await stack.call('GET', `${points}?limit=2&cursor=${cursor}`, { token: near.victims })).status).toBe(200);
});

test("a map that A draws is A's own, and leaves B's as it was", async () => {
  const before = await stack.call('GET', points, { token: near.victims });
  for (const space of near.spaces) {
    const { body } = await stack.call('POST', `/nexus/spaces/${space}/haze/snapshot`, { token: near.own });
    expect(await stack.waitForTask(near.own, body.task_id)).toMatchObject({ status: 'succeeded' });
    expectRefusal(await stack.call('GET', `/nexus/tasks/${body.task_id}`, { token: near.victims }), 'nexus.not_found');
  }
  const after = await stack.call('GET', points, { token: near.victims });
  expect([after.body, after.headers.etag]).toEqual([before.body, before.headers.etag]);
});

test('a page says that it is for its caller alone', async () => {
  const { headers } = await stack.call('GET', points, { token: near.victims });
  expect(headers['cache-control']).toBe('private, no-cache');
  for (const name of ['authorization', 'accept', 'x-surface-id']) expect(headers.vary).toContain(name);
});
