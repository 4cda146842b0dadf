import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Candidate } from '../../runner/query/fuse.ts';
import { docIdOf, type WindowOptions, windowOf } from '../../runner/query/window.ts';
import { limits } from '../../shared/limits.ts';
import type { Scope } from '../../shared/space-key.ts';
import { runs } from '../scale.ts';

const plain: WindowOptions = { groupByDocument: false, minScore: undefined, caps: {} };
const candidate = (scope: Scope, row: number, score: number, doc = row): Candidate => ({ scope, id: `d${doc}#${row}`, rowId: BigInt(row), score, ranks: {} });
const names = (window: readonly Candidate[]): string[] => window.map(({ scope, id }) => `${scope} ${id}`);
const keyOf = ({ scope, rowId }: Candidate): string => `${scope} ${rowId}`;

/** A ranking: each row once, scores falling. */
const anyRanking = (): fc.Arbitrary<Candidate[]> =>
  fc
    .uniqueArray(
      fc.record({ scope: fc.constantFrom<Scope>('tenant', 'global'), row: fc.integer({ min: 0, max: 40 }), score: fc.integer({ min: -5, max: 30 }) }),
      {
        maxLength: 40,
        selector: ({ scope, row }) => `${scope} ${row}`,
      },
    )
    .map((rows) => rows.map(({ scope, row, score }) => candidate(scope, row, score, row % 7)).sort((a, b) => b.score - a.score));
const anyOptions = (): fc.Arbitrary<WindowOptions> => {
  const cap = fc.option(fc.integer({ min: 0, max: 10 }), { nil: undefined });
  return fc.record({
    groupByDocument: fc.boolean(),
    minScore: fc.option(fc.integer({ min: -5, max: 30 }), { nil: undefined }),
    caps: fc.record({ tenant: cap, global: cap }),
  });
};

describe('the window', () => {
  test('holds no row twice, however the deeper lists overlap the near ones', () => {
    fc.assert(
      fc.property(anyRanking(), anyRanking(), anyOptions(), (near, far, options) => {
        const window = windowOf(near, far, options);
        expect(new Set(window.map(keyOf)).size).toBe(window.length);
      }),
      runs(300),
    );
  });

  test('has the near ranking first, as it was, then the rows that only deeper lists hold, in their order', () => {
    fc.assert(
      fc.property(anyRanking(), anyRanking(), (near, far) => {
        const known = new Set(near.map(keyOf));
        const window = windowOf(near, far, plain);
        expect(window.slice(0, near.length)).toEqual(near);
        expect(window.slice(near.length).map(keyOf)).toEqual(far.map(keyOf).filter((key) => !known.has(key)));
      }),
      runs(300),
    );
  });

  test('begins with what it is without the deeper lists: a later page never changes an earlier one', () => {
    fc.assert(
      fc.property(anyRanking(), anyRanking(), anyOptions(), (near, far, options) => {
        const short = windowOf(near, [], options);
        expect(windowOf(near, far, options).slice(0, short.length)).toEqual(short);
      }),
      runs(300),
    );
  });

  test('has scores that never rise, also where near and far meet', () => {
    fc.assert(
      fc.property(anyRanking(), anyRanking(), anyOptions(), (near, far, options) => {
        const window = windowOf(near, far, options);
        window.forEach(({ score }, index) => {
          expect(score).toBeLessThanOrEqual(window[index - 1]?.score ?? Number.POSITIVE_INFINITY);
        });
      }),
      runs(300),
    );
  });

  test('keeps each scope’s cap, min_score and one chunk per document and scope', () => {
    fc.assert(
      fc.property(anyRanking(), anyRanking(), anyOptions(), (near, far, options) => {
        const window = windowOf(near, far, options);
        for (const scope of ['tenant', 'global'] as const) {
          expect(window.filter((hit) => hit.scope === scope).length).toBeLessThanOrEqual(options.caps[scope] ?? Number.POSITIVE_INFINITY);
        }
        expect(window.every(({ score }) => options.minScore === undefined || score >= options.minScore)).toBe(true);
        const documents = window.map(({ scope, id }) => `${scope} ${docIdOf(id)}`);
        if (options.groupByDocument) expect(new Set(documents).size).toBe(documents.length);
      }),
      runs(300),
    );
  });

  test('leaves out nothing but what its options leave out', () => {
    fc.assert(
      fc.property(anyRanking(), anyRanking(), anyOptions(), (near, far, options) => {
        const all = windowOf(near, far, plain);
        const window = new Set(windowOf(near, far, options).map(keyOf));
        const documents = new Set<string>();
        const left = { tenant: options.caps.tenant ?? all.length, global: options.caps.global ?? all.length };
        for (const hit of all) {
          const document = `${hit.scope} ${docIdOf(hit.id)}`;
          const isRepeat = options.groupByDocument && documents.has(document);
          documents.add(document);
          const isGood = !isRepeat && hit.score >= (options.minScore ?? Number.NEGATIVE_INFINITY);
          expect(window.has(keyOf(hit))).toBe(isGood && left[hit.scope] > 0);
          if (isGood) left[hit.scope] -= 1;
        }
      }),
      runs(300),
    );
  });

  test('is cut at its greatest depth', () => {
    const rows = Array.from({ length: limits.windowHits + 5 }, (_, row) => candidate('tenant', row, -row));
    expect(windowOf(rows, [], plain)).toEqual(rows.slice(0, limits.windowHits));
  });
});

describe('the order of its rules', () => {
  const ranked = [
    candidate('tenant', 0, 9, 1),
    candidate('tenant', 1, 8, 1),
    candidate('global', 2, 7, 2),
    candidate('tenant', 3, 6, 3),
    candidate('global', 4, 5, 4),
  ];

  test('grouped before caps: a document’s second chunk uses up no place', () => {
    expect(names(windowOf(ranked, [], { ...plain, groupByDocument: true, caps: { tenant: 2 } }))).toEqual([
      'tenant d1#0',
      'global d2#2',
      'tenant d3#3',
      'global d4#4',
    ]);
  });

  test('a cap of 0 leaves a scope out', () => {
    expect(names(windowOf(ranked, [], { ...plain, caps: { tenant: 0 } }))).toEqual(['global d2#2', 'global d4#4']);
  });

  test('min_score keeps a row of exactly that score', () => {
    expect(windowOf(ranked, [], { ...plain, minScore: 7 })).toHaveLength(3);
  });

  test('the same document in both scopes is two documents', () => {
    const both = [candidate('tenant', 0, 2, 1), candidate('global', 1, 1, 1)];
    expect(windowOf(both, [], { ...plain, groupByDocument: true })).toHaveLength(2);
  });

  test('a document’s id may itself hold the sign that its chunks’ ids end with', () => {
    expect(docIdOf('a#b#12')).toBe('a#b');
  });
});
