import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filterToWhere } from '../../runner/adapters/lance/filter-to-where.ts';
import { lanceVectorStore } from '../../runner/adapters/lance/lance-vector-store.ts';
import { fieldValues } from '../../runner/ingest/fields.ts';
import type { ChunkRow, TableReader, TableShape, TableWriter } from '../../runner/ports/vector-store.ts';
import { parseTextQuery } from '../../runner/text/text-query.ts';
import { NexusError } from '../../shared/errors.ts';
import type { Metadata } from '../../shared/events.ts';
import { type FilterNode, type FilterOp, filterOps, parseFilter } from '../../shared/filter.ts';
import type { FieldType } from '../../shared/http/spaces.ts';
import { limits } from '../../shared/limits.ts';
import { formatMicros } from '../../shared/time.ts';
import { runs } from '../scale.ts';
import { holds, type Row, type Types } from './filter-truth.ts';
import { memory } from './store-instance.ts';

/** Keys that differ in case, in `.` and `-` only, and keys named like columns and words of the engine. */
const fields: Record<string, FieldType> = Object.fromEntries<FieldType>([
  ...['s', 'S', 's.t', 's-t', 's_t', 'select', 'text', 'constructor', 'never'].map((key) => [key, 'string'] as const),
  ...['n', 'n.m', 'seq'].map((key) => [key, 'number'] as const),
  ...['l', 'L.l'].map((key) => [key, 'string[]'] as const),
  ['b', 'boolean'],
  ['when', 'time'],
]);
const types: Types = { ...fields, doc_id: 'string', type: 'string', updated_at: 'time' };

const texts = [
  '',
  ' ',
  'a',
  'A',
  'ab',
  'a b',
  "it's",
  "''",
  "'; DROP TABLE t; --",
  '/* */',
  '--',
  '\\',
  "\\'",
  '%',
  '_',
  'a%b',
  'a_b',
  '*',
  '`',
  '"',
  '$1',
  '?',
  'NULL',
  'true',
  '1',
  'é',
  'e\u0301',
  'ß',
  '\n',
  '\t',
  '\uffff',
  '\ufffd',
  '😀',
  '😀a',
  '🇩🇪',
  '中',
  'א',
  'x'.repeat(300),
];
const numbersOf = [0, -0, 1, -1, 0.1, 1.5, 2 ** 53, 2 ** 53 + 2, -(2 ** 53), 1e21, 123456789012345680000, -1e300, 1.7976931348623157e308, 5e-324, 3e9];
const times = [
  '1970-01-01T00:00:00Z',
  '1969-12-31T23:59:59.999999Z',
  '2026-01-01T00:00:00Z',
  '2026-01-01T01:00:00+01:00',
  '2026-01-01T00:00:00.000001Z',
  '2026-06-30T12:00:00-08:00',
  '2254-12-31T00:00:00Z',
];
const startMicros = Date.UTC(2026, 0, 1) * 1000;
const rowCount = 200;

const value = (type: FieldType): fc.Arbitrary<NonNullable<Metadata[string]>> => {
  switch (type) {
    case 'string':
      return fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...texts) }, fc.string({ unit: 'grapheme', maxLength: 6 }));
    case 'number':
      return fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...numbersOf) },
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer({ min: -3, max: 3 }),
      );
    case 'boolean':
      return fc.boolean();
    case 'time':
      return fc.constantFrom(...times);
    case 'string[]':
      return fc.array(fc.constantFrom(...texts), { maxLength: 4 });
  }
};

const anyMetadata = (): fc.Arbitrary<Metadata> =>
  fc.record(
    Object.fromEntries(
      Object.entries(fields)
        .filter(([key]) => key !== 'never')
        .map(([key, type]) => [key, fc.option(value(type), { nil: null, freq: 5 })]),
    ),
    { requiredKeys: [], noNullPrototype: true },
  ) as fc.Arbitrary<Metadata>;

const shape: TableShape = { dimension: 2, metric: 'cosine', language: 'en', fields };
interface Stored {
  id: string;
  truth: Row;
  chunk: ChunkRow;
}
const rows: Stored[] = fc.sample(anyMetadata(), { numRuns: rowCount, seed: 7 }).map((metadata, index) => {
  const id = index < texts.length && texts[index] !== '' ? `d-${texts[index]?.slice(0, 200)}` : `d${index}`;
  const seq = startMicros + index * 500_000;
  const values = fieldValues(metadata, fields);
  const type = index % 3 === 0 ? 'document' : index % 3 === 1 ? "k'pi" : 'Document';
  const chunk: ChunkRow = {
    ...{
      id: `${id}#0`,
      doc_id: id,
      chunk: 0,
      seq,
      task_id: `task_${index}`,
      type,
      text: 'word',
      words: 'word',
      vector: Float32Array.of(1, index),
      metadata: JSON.stringify(metadata),
    },
    ...{ fields: values, source_uri: null, page: null, start: 0, end: 4, lead: '' },
  };
  return { id, chunk, truth: { ...values, doc_id: id, type, updated_at: seq } };
});

let folder: string;
let reader: TableReader;
let writer: TableWriter;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nexus-filter-'));
  const store = lanceVectorStore({ indexCacheBytes: 1e7, metadataCacheBytes: 1e7, maxReaders: 4, maxConnections: 4, maxSessionRows: 1e9, memory });
  const table = { uri: folder, name: 't' };
  const version = await store.create(
    table,
    shape,
    rows.map(({ chunk }) => chunk),
  );
  reader = await store.reader(table, { incarnation: 'i', version }, shape);
  writer = (await store.writer(table)) ?? expect.unreachable();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const expected = (filter: FilterNode): string[] =>
  rows
    .filter(({ truth }) => holds(filter, truth, types))
    .map(({ id }) => id)
    .sort();
const found = async (filter: FilterNode): Promise<string[]> => (await reader.documents(undefined, rowCount + 1, filter)).map(({ doc_id }) => doc_id).sort();

/** What a list lacks and what it has too much, for messages that can be read. */
const difference = (ids: readonly string[], wanted: readonly string[]) => ({
  lacks: wanted.filter((id) => !ids.includes(id)),
  hasTooMuch: ids.filter((id) => !wanted.includes(id)),
  twice: ids.filter((id, index) => ids.indexOf(id) !== index),
});
const none = { lacks: [], hasTooMuch: [], twice: [] };

const opsOf: Record<FieldType, readonly FilterOp[]> = {
  string: ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'nin', 'contains', 'contains_any', 'starts_with', 'exists'],
  number: ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'nin', 'exists'],
  time: ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'nin', 'exists'],
  boolean: ['eq', 'ne', 'in', 'nin', 'exists'],
  'string[]': ['contains', 'contains_any', 'exists'],
};
/** What a field of a type is compared with. A literal is often what some row holds. */
const literal = (field: string, type: FieldType): fc.Arbitrary<string | number | boolean> => {
  if (field === 'doc_id') return fc.constantFrom(...rows.slice(0, 60).map(({ id }) => id), 'd1', 'nobody');
  if (field === 'type') return fc.constantFrom('document', "k'pi", 'Document', 'DOCUMENT');
  if (field === 'updated_at') return fc.integer({ min: -1, max: rowCount }).map((index) => formatMicros(startMicros + index * 500_000));
  return type === 'string[]' ? fc.constantFrom(...texts) : (value(type) as fc.Arbitrary<string | number | boolean>);
};

const anyTest = (): fc.Arbitrary<unknown> =>
  fc
    .constantFrom(...Object.keys(types), 'unknown', 'm_s', '_rowid')
    .chain((field) => fc.tuple(fc.constant(field), fc.constantFrom(...opsOf[types[field] ?? 'string'])))
    .chain(([field, op]): fc.Arbitrary<unknown> => {
      const one = literal(field, types[field] ?? 'string');
      if (op === 'exists') return fc.boolean().map((exists) => ({ [field]: { exists } }));
      if (op === 'in' || op === 'nin' || op === 'contains_any') return fc.array(one, { maxLength: 4 }).map((some) => ({ [field]: { [op]: some } }));
      return one.map((operand) => (op === 'eq' ? { [field]: operand } : { [field]: { [op]: operand } }));
    });
const anyFilter = (): fc.Arbitrary<FilterNode> =>
  fc
    .letrec<{ filter: unknown }>((tie) => ({
      filter: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        anyTest(),
        anyTest().map((not) => ({ not })),
        fc.array(tie('filter'), { minLength: 1, maxLength: 3 }).map((and) => ({ and })),
        fc.array(tie('filter'), { minLength: 1, maxLength: 3 }).map((or) => ({ or })),
        tie('filter').map((not) => ({ not })),
        fc.constant({}),
      ),
    }))
    .filter.map(parseFilter);

describe('a filter on a real table finds what the truth table says', () => {
  test('for every operator of every field, one by one', async () => {
    await fc.assert(
      fc.asyncProperty(anyTest().map(parseFilter), async (filter) => {
        expect(difference(await found(filter), expected(filter))).toEqual(none);
      }),
      runs(250),
    );
  });

  test('for any tree of and, or and not', async () => {
    await fc.assert(
      fc.asyncProperty(anyFilter(), async (filter) => {
        expect(difference(await found(filter), expected(filter))).toEqual(none);
      }),
      runs(120),
    );
  });

  test('and not what it says: a filter and its negation share no row and leave none out', async () => {
    await fc.assert(
      fc.asyncProperty(anyFilter(), async (filter) => {
        const both = [...(await found(filter)), ...(await found({ kind: 'not', node: filter }))];
        expect(
          difference(
            both,
            rows.map(({ id }) => id),
          ),
        ).toEqual(none);
      }),
      runs(40),
    );
  });

  test('before ranking, in vector and in text search, and for deletes by filter', async () => {
    await fc.assert(
      fc.asyncProperty(anyFilter(), fc.integer({ min: 0, max: rowCount }), async (filter, upTo) => {
        const ids = expected(filter);
        const byVector = await reader.vectorSearch(Float32Array.of(1, 1), 'cosine', rowCount + 1, filter, 60_000);
        const byText = await reader.textSearch(parseTextQuery('word'), rowCount + 1, filter, 60_000);
        for (const hits of [byVector, byText])
          expect(
            difference(
              hits.map(({ id }) => id.slice(0, -2)),
              ids,
            ),
          ).toEqual(none);
        const beforeSeq = startMicros + upTo * 500_000;
        const earlier = new Set(rows.slice(0, upTo).map(({ id }) => id));
        const toDelete = await writer.storedWhere(filter, beforeSeq, shape);
        expect(
          difference(
            toDelete.map(({ doc_id }) => doc_id),
            ids.filter((id) => earlier.has(id)),
          ),
        ).toEqual(none);
      }),
      runs(25),
    );
  });
});

describe('the largest filters that are taken', () => {
  const nested = (wrap: (inner: unknown) => unknown, levels: number): unknown => (levels === 0 ? { s: 'a' } : wrap(nested(wrap, levels - 1)));

  test.each<[string, unknown]>([
    ['nots', nested((inner) => ({ not: inner }), limits.filterDepth - 1)],
    ['ors', nested((inner) => ({ or: [inner, { n: 1 }] }), limits.filterDepth - 1)],
    ['ands in nots', nested((inner) => ({ not: { and: [inner, { b: true }] } }), Math.floor(limits.filterDepth / 2) - 1)],
    ['conditions side by side', { or: Array.from({ length: limits.filterNodes - 1 }, (_, index) => ({ s: `v${index}` })) }],
    ['everything, many times', { and: Array.from({ length: limits.filterNodes - 1 }, () => ({})) }],
    ['a full list', { s: { in: Array.from({ length: limits.filterListItems }, (_, index) => `v${index}`) } }],
    ['a full list of numbers', { n: { nin: Array.from({ length: limits.filterListItems }, (_, index) => index / 7) } }],
    ['a full list of parts', { s: { contains_any: Array.from({ length: limits.filterListItems }, (_, index) => `v${index}`) } }],
    ['a full list of elements', { l: { contains_any: Array.from({ length: limits.filterListItems }, (_, index) => `v${index}`) } }],
  ])('%s: found as the truth table says', async (_, value) => {
    const filter = parseFilter(value);
    expect(difference(await found(filter), expected(filter))).toEqual(none);
  });
});

describe('a literal or an operator that does not fit its field', () => {
  const codeOf = (value: unknown): string => {
    try {
      filterToWhere(parseFilter(value), fields);
      return 'taken';
    } catch (error) {
      if (error instanceof NexusError) return error.code;
      throw error;
    }
  };

  test.each([
    { s: 1 },
    { s: true },
    { s: { in: ['a', 1] } },
    { s: { gt: 1 } },
    { s: { contains: 1 } },
    { n: '1' },
    { n: { in: [1, true] } },
    { n: { contains: 1 } },
    { n: { starts_with: '1' } },
    { b: 'true' },
    { b: 0 },
    { b: { gt: false } },
    { l: 'a' },
    { l: { in: ['a'] } },
    { l: { ne: 'a' } },
    { l: { contains: 1 } },
    { when: 'yesterday' },
    { when: 0 },
    { when: { gt: '2026-01-01' } },
    { updated_at: { lt: 'now' } },
    { doc_id: 1 },
    { s: 'a\0' },
    { s: '\ud800' },
    { and: [{ s: 'a' }, { not: { n: 'x' } }] },
  ])('is refused: %j', (value) => {
    expect(codeOf(value)).toBe('nexus.filter_unsupported');
  });

  test('is judged by the field’s type alone: an unknown key is missing, whatever it is compared with', () => {
    expect([{ unknown: 1 }, { unknown: { contains: true } }, { __unknown: { in: ['a', 1] } }].map(codeOf)).toEqual(['taken', 'taken', 'taken']);
  });
});

describe('what reaches the engine', () => {
  test('is our own words, our own columns, and literals in quotes: nothing of a caller stands outside them', () => {
    const anyText = fc.oneof(
      fc.constantFrom(...texts),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom("'", '\\', '`', '"', '-', '/', '*', '\n', ';') }),
    );
    const anyNode = fc
      .tuple(
        fc.constantFrom(...Object.keys(types)),
        fc.constantFrom(...filterOps),
        fc.oneof(anyText, fc.double(), fc.boolean(), fc.array(anyText, { maxLength: 3 })),
      )
      .map(([field, op, operand]) => ({ [field]: { [op]: operand } }));
    fc.assert(
      fc.property(anyNode, (value) => {
        let where: string;
        try {
          where = filterToWhere(parseFilter(value), fields);
        } catch (error) {
          expect(error).toBeInstanceOf(NexusError);
          return;
        }
        const outside = where.replaceAll(/'(?:[^']|'')*'/g, '').replaceAll(/`(?:m_[A-Za-z0-9_~-]+|doc_id|type|seq)`/g, '');
        expect(
          outside
            .replaceAll(/CAST\(-?[0-9.e+-]+ AS (?:DOUBLE|BIGINT)\)/g, '')
            .replaceAll(/\b(?:true|false|AND|OR|NOT|IN|IS|NULL|contains|starts_with|array_has_any)\b/g, ''),
        ).toMatch(/^[\s()[\],=<>!]*$/);
      }),
      runs(1000),
    );
  });
});
