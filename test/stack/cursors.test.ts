import { beforeAll, describe, expect, test } from 'vitest';
import { fromBase64Url, toBase64Url } from '../../shared/bytes.ts';
import { type CursorPayload, cursorKeysSchema, sealCursor } from '../../shared/cursor.ts';
import { commonStack, newRequestId, newTenant } from './common-stack.ts';
import { expectRefusal } from './refusal.ts';
import type { Answer } from './send.ts';
import { contextOf } from './stack-caller.ts';

/** Guarantee 3: a cursor that is not this request's: 410, always in the same words, and the runner is not asked where the edge can know. */

const stack = commonStack();
const keys = cursorKeysSchema.parse(stack.secrets.cursor_keys);
const [tenant, stranger] = [newTenant(), newTenant()];
const query = { query: 'river', limit: 3 };
const documents = Array.from({ length: 12 }, (_, i) => ({ id: `d${i}`, text: `${'river '.repeat(i + 1)}number ${i}`, metadata: { even: i % 2 === 0 } }));

let token: string;
let strangersToken: string;
let cursor: string;
let strangersCursor: string;
let secondPage: Answer['body'];

const ask = async (space: string, body: object, as = token, headers: Record<string, string> = {}): Promise<Answer> =>
  stack.call('POST', `/nexus/spaces/${space}/query`, { token: as, body, headers });

const firstCursor = async (space: string, body: object, as = token): Promise<string> => {
  const answer = await ask(space, body, as);
  expect([answer.status, typeof answer.body.next_cursor], answer.text).toEqual([200, 'string']);
  return answer.body.next_cursor;
};

const expectInvalid = (answer: Answer): void => {
  expectRefusal(answer, 'nexus.cursor_invalid');
  expect(answer.body.error.message).toBe('This cursor is no longer valid for this request. Start again without a cursor.');
  expect(answer.body.error).not.toHaveProperty('details');
};

const partsOf = (text: string): [string, string, string, string] => text.split('.') as [string, string, string, string];
const payloadOf = (text: string): CursorPayload => JSON.parse(Buffer.from(fromBase64Url(partsOf(text)[2]) ?? []).toString());
const encoded = (payload: object): string => toBase64Url(Buffer.from(JSON.stringify(payload)) as Uint8Array<ArrayBuffer>);

beforeAll(async () => {
  token = await stack.token({ tenant, surface: 'marketing' });
  strangersToken = await stack.token({ tenant: stranger });
  await Promise.all([
    stack.ingestAndWait(token, 'notes', { documents }),
    stack.ingestAndWait(token, 'twin', { documents }),
    stack.ingestAndWait(strangersToken, 'notes', { documents }),
  ]);
  cursor = await firstCursor('notes', query);
  strangersCursor = await firstCursor('notes', query, strangersToken);
  secondPage = (await ask('notes', { ...query, cursor })).body;
  expect(secondPage.hits.length).toBe(3);
});

/** Cursors that are wrong by themselves: the edge can know. */
const wrongCursors: Record<string, () => string | Promise<string>> = {
  'an empty text': () => '',
  'some text': () => 'next',
  'text that is not ASCII': () => 'c1.k1.ключ.Ω',
  dots: () => '...',
  'a JWT': () => token,
  'a part too few': () => partsOf(cursor).slice(0, 3).join('.'),
  'a part too many': () => `${cursor}.${partsOf(cursor)[3]}`,
  'another format': () => `c2.${partsOf(cursor).slice(1).join('.')}`,
  'another key id': () => ['c1', 'k2', ...partsOf(cursor).slice(2)].join('.'),
  'no signature': () => `${partsOf(cursor).slice(0, 3).join('.')}.`,
  'a changed signature': () => `${cursor.slice(0, -2)}${cursor.endsWith('AA') ? 'BB' : 'AA'}`,
  'a second spelling of the signature': () => `${cursor}=`,
  'a changed payload under the old signature': () => {
    const [format, id, , mac] = partsOf(cursor);
    return [format, id, encoded({ ...payloadOf(cursor), position: 6 }), mac].join('.');
  },
  'a payload signed with another key': () => sealCursor(payloadOf(cursor), [{ id: 'k1', secret: 'x'.repeat(64) }]),
  'more than a cursor can be': () => cursor + 'A'.repeat(20_000),
  'an expired one': () => sealCursor({ ...payloadOf(cursor), exp: Math.floor(Date.now() / 1000) - 1 }, keys),
  "another tenant's, for the same space name and request": () => strangersCursor,
  "another space's, for the same request": () => firstCursor('twin', query),
  "a list's of the same tenant": async () => (await stack.call('GET', '/nexus/spaces?limit=1', { token })).body.next_cursor,
};

/** The request is another one than the cursor was given for. */
const otherRequests: Record<string, object> = {
  'another query': { ...query, query: 'rivers' },
  'another limit': { ...query, limit: 4 },
  'the default limit spelled out away': { query: 'river' },
  'another mode': { ...query, mode: 'text' },
  'a filter': { ...query, filter: { even: true } },
  'a selection': { ...query, select: ['text'] },
  grouping: { ...query, group_by: 'doc_id' },
  'a least score': { ...query, min_score: 0 },
  'other weights': { ...query, fusion: { weights: { vector: 2 } } },
  'both scopes': { ...query, include_global: true },
  'a scope': { ...query, scope: 'tenant' },
  explain: { ...query, explain: true },
  'other consistency': { ...query, consistency: 'eventual' },
};

describe('the edge refuses a cursor without asking the runner', () => {
  const expectRefusedAtTheEdge = async (space: string, body: object, as = token): Promise<void> => {
    const requestId = newRequestId();
    expectInvalid(await ask(space, body, as, { 'x-request-id': requestId }));
    expect(await stack.seen(requestId)).toEqual([]);
  };

  test('while the right cursor reaches it', async () => {
    const requestId = newRequestId();
    const answer = await ask('notes', { ...query, cursor }, token, { 'x-request-id': requestId });
    expect([answer.status, answer.body.hits]).toEqual([200, secondPage.hits]);
    expect((await stack.seen(requestId)).length).toBe(1);
  });

  test.each(Object.keys(wrongCursors))('%s', async (name) => {
    await expectRefusedAtTheEdge('notes', { ...query, cursor: await wrongCursors[name]?.() });
  });

  test.each(Object.keys(otherRequests))('for %s', async (name) => {
    await expectRefusedAtTheEdge('notes', { ...otherRequests[name], cursor });
  });

  test("for another tenant's token", () => expectRefusedAtTheEdge('notes', { ...query, cursor }, strangersToken));
  test('for another space', () => expectRefusedAtTheEdge('twin', { ...query, cursor }));

  test.each([{ surface: 'health' }, { project: 'p2' }, { env: 'staging' }])('for another context of the same tenant: %o', async (other) => {
    await expectRefusedAtTheEdge('notes', { ...query, cursor }, await stack.token({ tenant, ...other }));
  });

  test.each(['/nexus/spaces', '/nexus/tasks', '/nexus/spaces/notes/documents'])('on %s, too', async (path) => {
    for (const wrong of [cursor, 'next', '', `${cursor}x`]) {
      const requestId = newRequestId();
      expectInvalid(await stack.call('GET', `${path}?limit=1&cursor=${encodeURIComponent(wrong)}`, { token, headers: { 'x-request-id': requestId } }));
      expect(await stack.seen(requestId)).toEqual([]);
    }
  });

  test("on lists, another tenant's and another list's", async () => {
    const spaces = (await stack.call('GET', '/nexus/spaces?limit=1', { token })).body.next_cursor;
    const tasks = (await stack.call('GET', '/nexus/tasks?limit=1', { token })).body.next_cursor;
    expectInvalid(await stack.call('GET', `/nexus/spaces?limit=1&cursor=${spaces}`, { token: strangersToken }));
    expectInvalid(await stack.call('GET', `/nexus/spaces?limit=1&cursor=${tasks}`, { token }));
    expectInvalid(await stack.call('GET', `/nexus/spaces?limit=2&cursor=${spaces}`, { token }));
    expectInvalid(await stack.call('GET', `/nexus/tasks?limit=1&space_id=notes&cursor=${tasks}`, { token }));
    expect((await stack.call('GET', `/nexus/tasks?limit=1&cursor=${tasks}`, { token })).status).toBe(200);
  });
});

describe('the runner, asked directly, refuses the same', () => {
  const askRunner = (space: string, body: object, as = tenant): Promise<Answer> =>
    stack.askRunner('POST', `/nexus/spaces/${space}/query`, { context: contextOf({ tenant: as }), body });

  test('while it takes the right cursor', async () => {
    expect((await askRunner('notes', { ...query, cursor })).body.hits).toEqual(secondPage.hits);
  });

  test.each(Object.keys(wrongCursors))('%s', async (name) => expectInvalid(await askRunner('notes', { ...query, cursor: await wrongCursors[name]?.() })));
  test.each(Object.keys(otherRequests))('for %s', async (name) => expectInvalid(await askRunner('notes', { ...otherRequests[name], cursor })));
  test("for another tenant's grant", async () => expectInvalid(await askRunner('notes', { ...query, cursor }, stranger)));
  test('for another space', async () => expectInvalid(await askRunner('twin', { ...query, cursor })));
});

describe('what only the runner can know is refused in the same words', () => {
  const resealed = (changed: Partial<CursorPayload>): string => sealCursor({ ...payloadOf(cursor), ...changed }, keys);
  const pin = () => payloadOf(cursor).pins.tenant ?? { incarnation: '', version: 0 };

  test('an incarnation that is gone', async () => {
    const gone = resealed({ pins: { tenant: { ...pin(), incarnation: 'inc_00000000000000000000000000000000' } } });
    expectInvalid(await ask('notes', { ...query, cursor: gone }));
  });

  test('a version that never was', async () => {
    expectInvalid(await ask('notes', { ...query, cursor: resealed({ pins: { tenant: { ...pin(), version: pin().version + 1000 } } }) }));
  });

  test('a walk that does not fit its version', async () => {
    expectInvalid(await ask('notes', { ...query, cursor: resealed({ position: 5 }) }));
  });
});
