import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../shared/canonical-json.ts';
import { runs } from '../scale.ts';

const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, member]) => [key, shuffled(member)] as const);
  return Object.fromEntries(entries.toReversed());
};

const anyJson = (): fc.Arbitrary<unknown> => fc.jsonValue({ maxDepth: 4 });

describe('canonical JSON', () => {
  test('says the same as the value', () => {
    fc.assert(
      fc.property(anyJson(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      runs(500),
    );
  });

  test('is one text for one value, in whatever order its keys were written', () => {
    fc.assert(
      fc.property(anyJson(), (value) => {
        expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value));
      }),
      runs(500),
    );
  });

  test('is the same text for two values exactly when they are the same value', () => {
    const small = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<unknown>(null, true, 0, 1, '', '1', 'a', '[]'),
        fc.array(tie('value'), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom('a', 'b', '1'), tie('value'), { maxKeys: 2, noNullPrototype: true }),
      ),
    })).value;
    fc.assert(
      fc.property(small, small, (a, b) => {
        expect(canonicalJson(a) === canonicalJson(b)).toBe(isDeepStrictEqual(a, b));
      }),
      runs(2000),
    );
  });

  test('sorts keys at every depth, by code unit, and leaves out what is undefined', () => {
    expect(canonicalJson({ b: [{ d: 1, c: null }], a: undefined, B: 'é"\n' })).toBe('{"B":"é\\"\\n","b":[{"c":null,"d":1}]}');
  });

  test('keeps a key that is __proto__ as the plain key it is in JSON', () => {
    expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"a":2}}'))).toBe('{"__proto__":{"a":2},"b":1}');
  });
});
