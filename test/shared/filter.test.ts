import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NexusError } from '../../shared/errors.ts';
import { type FilterNode, filterOps, isMetadataKey, parseFilter } from '../../shared/filter.ts';
import { limits } from '../../shared/limits.ts';
import { runs } from '../scale.ts';

/** The refusal of a filter, or undefined when it is taken. Anything else that is thrown is thrown on. */
const refusal = (value: unknown): NexusError | undefined => {
  try {
    parseFilter(value);
    return undefined;
  } catch (error) {
    if (error instanceof NexusError && error.code === 'nexus.filter_unsupported') return error;
    throw error;
  }
};
const issuesOf = (value: unknown): string[] => refusal(value)?.details?.issues?.map(({ path, message }) => `${path} ${message}`) ?? [];

const sizeOf = (node: FilterNode): number => {
  if (node.kind === 'test') return 1;
  return 1 + (node.kind === 'not' ? [node.node] : node.nodes).reduce((sum, one) => sum + sizeOf(one), 0);
};
const depthOf = (node: FilterNode): number => {
  if (node.kind === 'test') return 1;
  return 1 + (node.kind === 'not' ? [node.node] : node.nodes).reduce((most, one) => Math.max(most, depthOf(one)), 0);
};

/** JSON that looks like a filter, right or wrong. */
const filterLike = (): fc.Arbitrary<unknown> =>
  fc.letrec<{ filter: unknown; member: unknown }>((tie) => ({
    member: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom<unknown>(null, true, 0, -1.5, '', 'x', [], ['a'], [1, 'a', null], [[]]),
      fc.dictionary(fc.constantFrom(...filterOps, 'like', '__proto__', ''), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }),
      tie('filter'),
      fc.array(tie('filter'), { maxLength: 4 }),
    ),
    filter: fc.dictionary(
      fc.constantFrom('and', 'or', 'not', 'a', 'doc_id', 'updated_at', 'A.b-c', '__proto__', 'é', '', 'x y', 'constructor'),
      tie('member'),
      { maxKeys: 4 },
    ),
  })).filter;

describe('parsing a filter', () => {
  test('never throws anything but nexus.filter_unsupported, with a bounded number of problems, each told where it is', () => {
    fc.assert(
      fc.property(fc.oneof(filterLike(), fc.jsonValue()), (value) => {
        const refused = refusal(value);
        if (refused === undefined) return;
        const issues = refused.details?.issues ?? [];
        expect(refused.status).toBe(422);
        expect(issues.length).toBeGreaterThan(0);
        expect(issues.length).toBeLessThanOrEqual(limits.issues);
        expect(issues.every(({ path }) => path.startsWith('filter'))).toBe(true);
      }),
      runs(2000),
    );
  });

  test('makes trees of bounded size and depth only', () => {
    fc.assert(
      fc.property(filterLike(), (value) => {
        if (refusal(value) !== undefined) return;
        const node = parseFilter(value);
        expect(sizeOf(node)).toBeLessThanOrEqual(2 * limits.filterNodes + 1);
        expect(depthOf(node)).toBeLessThanOrEqual(2 * limits.filterDepth + 1);
      }),
      runs(1000),
    );
  });

  test.each([
    [{ a: 1 }, { kind: 'test', field: 'a', op: 'eq', value: 1 }],
    [{ a: { gt: 1 } }, { kind: 'test', field: 'a', op: 'gt', value: 1 }],
    [{ 'A.b-c_9': { in: ['x', 1, true] } }, { kind: 'test', field: 'A.b-c_9', op: 'in', value: ['x', 1, true] }],
    [{ a: { exists: false } }, { kind: 'test', field: 'a', op: 'exists', value: false }],
    [{ not: { a: 'x' } }, { kind: 'not', node: { kind: 'test', field: 'a', op: 'eq', value: 'x' } }],
    [{}, { kind: 'and', nodes: [] }],
    [
      { a: 1, b: { gte: 1, lt: 2 } },
      {
        kind: 'and',
        nodes: [
          { kind: 'test', field: 'a', op: 'eq', value: 1 },
          {
            kind: 'and',
            nodes: [
              { kind: 'test', field: 'b', op: 'gte', value: 1 },
              { kind: 'test', field: 'b', op: 'lt', value: 2 },
            ],
          },
        ],
      },
    ],
    [{ or: [{ a: 1 }] }, { kind: 'or', nodes: [{ kind: 'test', field: 'a', op: 'eq', value: 1 }] }],
  ])('%j means %j', (value, node) => {
    expect(parseFilter(value)).toEqual(node);
  });

  test.each([
    [null],
    ['a'],
    [[{ a: 1 }]],
    [{ and: [] }],
    [{ or: {} }],
    [{ and: [1] }],
    [{ not: [] }],
    [{ not: 1 }],
    [{ a: null }],
    [{ a: {} }],
    [{ a: [1] }],
    [{ a: { like: 'x' } }],
    [{ a: { eq: null } }],
    [{ a: { eq: [1] } }],
    [{ a: { eq: { eq: 1 } } }],
    [{ a: { in: 'x' } }],
    [{ a: { in: [null] } }],
    [{ a: { in: [['x']] } }],
    [{ a: { exists: 1 } }],
    [{ a: { gt: Number.NaN } }],
    [{ a: { gt: Number.POSITIVE_INFINITY } }],
    [{ 'a b': 1 }],
    [{ "a' OR 1=1 --": 1 }],
    [{ 'a`': 1 }],
    [{ '': 1 }],
    [JSON.parse('{"__proto__": 1}')],
    [{ ['a'.repeat(65)]: 1 }],
  ])('%j is refused', (value) => {
    expect(refusal(value)).toBeDefined();
  });
});

describe('the limits of a filter', () => {
  const nested = (levels: number): Record<string, unknown> => (levels === 0 ? { a: 1 } : { not: nested(levels - 1) });

  test(`${limits.filterDepth} levels are taken, one more is not`, () => {
    expect(refusal(nested(limits.filterDepth - 1))).toBeUndefined();
    expect(issuesOf(nested(limits.filterDepth))).toEqual([expect.stringContaining('nested deeper')]);
  });

  test('a filter nested deeper than the stack is refused like any other', () => {
    const text = `${'{"not":'.repeat(50_000)}{}${'}'.repeat(50_000)}`;
    expect(issuesOf(JSON.parse(text))).toHaveLength(1);
  });

  test('as many conditions as the limit are taken, more are not, whatever they look like', () => {
    const many = (count: number, one: () => unknown) => ({ or: Array.from({ length: count }, one) });
    expect(refusal(many(limits.filterNodes - 1, () => ({ a: 1 })))).toBeUndefined();
    for (const one of [() => ({ a: 1 }), () => ({ a: { eq: 1 } }), () => ({}), () => ({ not: {} }), () => ({ or: [{}] })]) {
      const issues = issuesOf(many(limits.filterNodes, one));
      expect(issues).toEqual([expect.stringContaining(`more than ${limits.filterNodes}`)]);
    }
    expect(issuesOf(Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`k${index}`, 1])))).toHaveLength(1);
  });

  test('a list has a limit of its own', () => {
    const list = (length: number) => ({ a: { in: Array.from({ length }, (_, index) => index) } });
    expect(refusal(list(limits.filterListItems))).toBeUndefined();
    expect(refusal(list(limits.filterListItems + 1))).toBeDefined();
  });

  test('a hundred thousand mistakes make a short answer', () => {
    const refused = refusal({ and: Array.from({ length: 100_000 }, () => 1) });
    expect(refused?.details?.issues).toHaveLength(limits.issues);
  });
});

describe('a metadata key', () => {
  test.each(['a', '_', 'A.b-c', 'a'.repeat(64), 'constructor', 'select', 'm_x'])('may be %s', (key) => {
    expect(isMetadataKey(key)).toBe(true);
  });

  test.each(['', '1a', '-a', '.a', 'a b', 'a~', 'a`', 'é', 'a'.repeat(65), 'doc_id', 'type', 'updated_at', 'and', 'or', 'not', '__proto__', 'a\n'])(
    'may not be %j',
    (key) => {
      expect(isMetadataKey(key)).toBe(false);
    },
  );
});
