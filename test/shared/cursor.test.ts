import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CursorKeys,
  type CursorPayload,
  cursorBinding,
  cursorExpiry,
  cursorKeysSchema,
  givenDigest,
  openCursor,
  sealCursor,
} from '../../shared/cursor.ts';
import { NexusError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { runs } from '../scale.ts';

const oldKey = { id: 'k1', secret: 'the first secret is long enough to sign' };
const newKey = { id: 'k2', secret: 'the second secret is long enough to sign' };
const keys: CursorKeys = [newKey, oldKey];
const nowMs = Date.UTC(2026, 4, 1, 10, 20);
const words = 'This cursor is no longer valid for this request. Start again without a cursor.';

const payload: CursorPayload = {
  exp: cursorExpiry(nowMs),
  bind: 'binding',
  pins: { tenant: { incarnation: 'inc_1', version: 7 }, global: null },
  position: 10,
  given: 'abc',
  state: { vector: 'AAAA' },
};

const anyPayload = (): fc.Arbitrary<CursorPayload> =>
  fc.record({
    exp: fc.integer({ min: nowMs / 1000 + 1, max: nowMs / 1000 + 7200 }),
    bind: fc.string({ maxLength: 60 }),
    pins: fc.record({ tenant: fc.record({ incarnation: fc.string({ maxLength: 40 }), version: fc.nat() }), global: fc.constant(null) }),
    position: fc.nat({ max: limits.windowHits }),
    given: fc.string({ maxLength: 24 }),
    state: fc.dictionary(
      fc.string({ maxLength: 8 }).filter((key) => key !== '__proto__'),
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      { noNullPrototype: true },
    ),
  });

/** The refusal, which must be the one there is. */
const refusal = (cursor: string, { binding = payload.bind, held = keys, at = nowMs } = {}): NexusError => {
  let error: unknown = new Error('the cursor was opened');
  try {
    openCursor(cursor, binding, held, at);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(NexusError);
  const refused = error as NexusError;
  expect(refused).toMatchObject({ code: 'nexus.cursor_invalid', status: 410, message: words, details: undefined });
  return refused;
};

describe('a cursor', () => {
  test('gives back what was sealed in it', () => {
    fc.assert(
      fc.property(anyPayload(), (value) => {
        expect(openCursor(sealCursor(value, keys), value.bind, keys, nowMs)).toEqual(value);
      }),
      runs(200),
    );
  });

  test('is refused when any one of its characters is another', () => {
    const cursor = sealCursor(payload, keys);
    const alphabet = 'ABab09-_.=+/ \u0000é';
    for (let at = 0; at < cursor.length; at++) {
      for (const char of alphabet) if (char !== cursor[at]) refusal(cursor.slice(0, at) + char + cursor.slice(at + 1));
    }
  });

  test('is refused when cut short or when anything is added', () => {
    const cursor = sealCursor(payload, keys);
    for (let length = 0; length < cursor.length; length++) refusal(cursor.slice(0, length));
    for (const extra of ['A', '.', '.A', '=', ' ', '\n']) {
      refusal(cursor + extra);
      refusal(extra + cursor);
    }
  });

  test('is refused when somebody else signed it, also under our key’s id', () => {
    const forged = { id: newKey.id, secret: 'another secret that is also long enough to sign' };
    refusal(sealCursor(payload, [forged]));
    refusal(sealCursor(payload, [{ ...forged, id: 'k9' }]));
  });

  test('is refused when its key id is changed to another that we hold', () => {
    const cursor = sealCursor(payload, keys);
    refusal(cursor.replace('.k2.', '.k1.'));
  });

  test('is refused for another request, and at the end of its life, to the millisecond', () => {
    const cursor = sealCursor(payload, keys);
    refusal(cursor, { binding: 'another' });
    refusal(cursor, { at: payload.exp * 1000 });
    refusal(cursor, { at: payload.exp * 1000 + 1 });
    expect(openCursor(cursor, payload.bind, keys, payload.exp * 1000 - 1)).toEqual(payload);
  });

  test('opens after rotation, while its key is still held, and new ones are signed by the first key', () => {
    const before = sealCursor(payload, [oldKey]);
    expect(openCursor(before, payload.bind, keys, nowMs)).toEqual(payload);
    expect(sealCursor(payload, keys)).toContain(`.${newKey.id}.`);
    refusal(before, { held: [newKey] });
  });

  test('is refused when what was signed is not a cursor’s payload', () => {
    for (const wrong of [{}, { ...payload, exp: 'soon' }, { ...payload, position: -1 }, { ...payload, pins: 3 }]) {
      refusal(sealCursor(wrong as CursorPayload, keys));
    }
  });

  test('is never longer than its limit', () => {
    const large = { ...payload, state: { vector: 'A'.repeat(limits.cursorBytes) } };
    expect(() => sealCursor(large, keys)).toThrow('over the limit');
    refusal(`c1.k2.${'A'.repeat(limits.cursorBytes)}`);
  });

  test('made of anything at all is refused in the same words and never breaks anything', () => {
    const parts = fc.oneof(fc.string({ unit: 'binary', maxLength: 30 }), fc.base64String({ maxLength: 40 }), fc.constantFrom('c1', 'k1', 'k2', ''));
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.array(parts, { maxLength: 6 }).map((some) => some.join('.')),
    );
    fc.assert(
      fc.property(text, (cursor) => {
        refusal(cursor);
      }),
      runs(600),
    );
  });
});

describe('what a cursor is bound to', () => {
  const request = { query: 'hello', limit: 5, filter: { tag: 'x', n: { gt: 1 } } };
  const locations = ['t_a/dev/p/s/x'];

  test('every field of the request but the cursor, the places and the endpoint', () => {
    const bound = cursorBinding('query', locations, request);
    const others = [
      cursorBinding('listDocuments', locations, request),
      cursorBinding('query', ['t_a/dev/p/s/y'], request),
      cursorBinding('query', [...locations, 't_system/dev/p/s/x'], request),
      cursorBinding('query', locations, { ...request, limit: 6 }),
      cursorBinding('query', locations, { ...request, filter: { tag: 'x' } }),
      cursorBinding('query', locations, { ...request, explain: false }),
    ];
    expect(new Set([bound, ...others]).size).toBe(others.length + 1);
    expect(cursorBinding('query', locations, { ...request, cursor: 'anything' })).toBe(bound);
    expect(cursorBinding('query', locations, { filter: { n: { gt: 1 }, tag: 'x' }, limit: 5, query: 'hello' })).toBe(bound);
  });

  test('different requests never share a binding, and where one part ends does not matter', () => {
    const place = fc.array(fc.constantFrom('a', 'b', 'ab', '', 'a"', ',', '","'), { maxLength: 3 });
    fc.assert(
      fc.property(place, place, fc.jsonValue(), fc.jsonValue(), (left, right, a, b) => {
        const same = JSON.stringify([left, a]) === JSON.stringify([right, b]);
        fc.pre(!same);
        const [one, two] = [cursorBinding('query', left, { filter: a }), cursorBinding('query', right, { filter: b })];
        // The order of an object's keys is the one thing that may differ.
        if (one === two) expect([right, b]).toEqual([left, a]);
      }),
      runs(500),
    );
  });

  test('the digest of what was given tells order and borders apart', () => {
    const digests = [['a', 'b'], ['b', 'a'], ['ab'], ['a', 'b', ''], [], ['']].map(givenDigest);
    expect(new Set(digests).size).toBe(digests.length);
  });
});

describe('the life of a cursor', () => {
  test('is at least an hour and less than two, and ends on a full hour', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), (at) => {
        const lifeMs = cursorExpiry(at) * 1000 - at;
        expect(lifeMs).toBeGreaterThanOrEqual(limits.cursorTtlMs);
        expect(lifeMs).toBeLessThan(2 * limits.cursorTtlMs);
        expect(cursorExpiry(at) % 3600).toBe(0);
      }),
      runs(500),
    );
  });

  test('makes the same page of the same data give the same string within an hour', () => {
    const hour = Date.UTC(2026, 4, 1, 10);
    const made = [1, 60_000, 1_800_000, 3_600_000].map((after) => sealCursor({ ...payload, exp: cursorExpiry(hour + after) }, keys));
    expect(new Set(made).size).toBe(1);
    expect(sealCursor({ ...payload, exp: cursorExpiry(hour + 3_600_001) }, keys)).not.toBe(made[0]);
  });
});

describe('cursor keys', () => {
  test('are read in order from text', () => {
    expect(cursorKeysSchema.parse(` k2:${newKey.secret} , k1:${oldKey.secret}`)).toEqual(keys.map((key) => ({ ...key })));
  });

  test.each(['', 'k1', 'k1:', 'k1:too-short', `K:${oldKey.secret}`, `:${oldKey.secret}`, `k1:${'x'.repeat(31)}`, `k1:${oldKey.secret},k1:${newKey.secret}`])(
    'the text %j is refused',
    (text) => {
      expect(cursorKeysSchema.safeParse(text).success).toBe(false);
    },
  );
});
