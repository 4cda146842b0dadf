import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldValues, settleFields } from '../../runner/ingest/fields.ts';
import type { AcceptedDocument, Metadata } from '../../shared/events.ts';
import { type FieldType, fieldTypes } from '../../shared/http/spaces.ts';
import { limits } from '../../shared/limits.ts';
import { parseMicros } from '../../shared/time.ts';
import { runs } from '../scale.ts';

const document = (id: string, metadata?: Metadata): AcceptedDocument => ({ id, type: 'document', ...(metadata === undefined ? {} : { metadata }) });

const anyKey = (): fc.Arbitrary<string> => fc.constantFrom('a', 'A', 'a.b', 'constructor', 'toString', 'when');
const anyValue = (): fc.Arbitrary<Metadata[string]> =>
  fc.oneof(
    fc.constantFrom<Metadata[string]>(null, true, 0, 1.5, '', 'x', '2026-01-01T00:00:00Z', [], ['x']),
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  );
const anyDocuments = (): fc.Arbitrary<AcceptedDocument[]> =>
  fc
    .array(fc.dictionary(anyKey(), anyValue(), { noNullPrototype: true }), { maxLength: 8 })
    .map((all) => all.map((metadata, index) => document(`d${index}`, metadata)));
const anyFields = (): fc.Arbitrary<Record<string, FieldType>> => fc.dictionary(anyKey(), fc.constantFrom(...fieldTypes), { noNullPrototype: true });

const fits = (value: Metadata[string] | undefined, type: FieldType | undefined): boolean => {
  if (value === null || value === undefined) return true;
  if (Array.isArray(value)) return type === 'string[]';
  if (type === 'time') return typeof value === 'string' && parseMicros(value) !== undefined;
  return typeof value === type;
};

describe('settling types of metadata', () => {
  test('accepts a document exactly when each of its values fits, and refuses the others by name, one by one', () => {
    fc.assert(
      fc.property(anyFields(), anyDocuments(), (known, documents) => {
        const { fields, accepted, refused } = settleFields(known, documents);
        expect([...accepted.map(({ id }) => id), ...refused.map(({ doc_id }) => doc_id)].sort()).toEqual(documents.map(({ id }) => id));
        for (const { metadata = {} } of accepted) for (const [key, value] of Object.entries(metadata)) expect(fits(value, fields[key])).toBe(true);
        for (const { doc_id, code } of refused) {
          const { metadata = {} } = documents.find(({ id }) => id === doc_id) ?? {};
          expect(code).toBe('nexus.validation_failed');
          expect(Object.entries(metadata).some(([key, value]) => !fits(value, Object.hasOwn(fields, key) ? fields[key] : undefined))).toBe(true);
        }
      }),
      runs(500),
    );
  });

  test('never changes or loses a type that is known, and adds keys of accepted documents only', () => {
    fc.assert(
      fc.property(anyFields(), anyDocuments(), (known, documents) => {
        const { fields, accepted } = settleFields(known, documents);
        expect(fields).toMatchObject(known);
        const brought = new Set(accepted.flatMap(({ metadata = {} }) => Object.entries(metadata).flatMap(([key, value]) => (value === null ? [] : [key]))));
        expect(Object.keys(fields).sort()).toEqual([...new Set([...Object.keys(known), ...brought])].sort());
      }),
      runs(300),
    );
  });

  test('in one request or in several comes to the same', () => {
    fc.assert(
      fc.property(anyFields(), anyDocuments(), (known, documents) => {
        let fields: Readonly<Record<string, FieldType>> = known;
        const refused: unknown[] = [];
        for (const one of documents) {
          const settled = settleFields(fields, [one]);
          fields = settled.fields;
          refused.push(...settled.refused);
        }
        expect(settleFields(known, documents)).toMatchObject({ fields, refused });
      }),
      runs(200),
    );
  });

  test('the first value of a key decides; null decides nothing', () => {
    const { fields, refused } = settleFields({}, [document('a', { k: null }), document('b', { k: 1 }), document('c', { k: 'x' }), document('d', { k: 2 })]);
    expect(fields).toEqual({ k: 'number' });
    expect(refused).toEqual([{ doc_id: 'c', code: 'nexus.validation_failed', message: expect.stringContaining('number') }]);
  });

  test('a time is only what a PUT says is one', () => {
    const when = document('a', { when: '2026-01-01T00:00:00Z' });
    expect(settleFields({}, [when]).fields).toEqual({ when: 'string' });
    expect(settleFields({ when: 'time' }, [when, document('b', { when: 'tomorrow' })])).toMatchObject({
      fields: { when: 'time' },
      accepted: [{ id: 'a' }],
      refused: [{ doc_id: 'b' }],
    });
  });

  test('a document that would bring a key too many is refused, and its keys with it', () => {
    const full = Object.fromEntries(Array.from({ length: limits.metadataKeysPerSpace }, (_, index) => [`k${index}`, 'number' as const]));
    const { fields, accepted, refused } = settleFields(full, [document('a', { more: 1 }), document('b', { k0: 1 })]);
    expect(fields).toEqual(full);
    expect([accepted.map(({ id }) => id), refused.map(({ doc_id }) => doc_id)]).toEqual([['b'], ['a']]);
  });
});

describe('values of columns', () => {
  test('are the metadata without nulls, with times as microseconds', () => {
    const metadata = { s: '2026-01-01T00:00:00Z', t: '1970-01-01T00:00:00.000002Z', n: 1, b: false, l: ['x'], e: [], nothing: null };
    expect(fieldValues(metadata, { t: 'time', s: 'string' })).toEqual({ s: '2026-01-01T00:00:00Z', t: 2, n: 1, b: false, l: ['x'], e: [] });
    expect(fieldValues(undefined, {})).toEqual({});
  });
});
