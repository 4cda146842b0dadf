import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TermScores } from '../../runner/ports/vector-store.ts';
import { pooledScores } from '../../runner/query/pooled-scores.ts';
import type { Scope } from '../../shared/space-key.ts';
import { runs } from '../scale.ts';

const idf = (passages: number, holding: number): number => Math.log(1 + (passages - holding + 0.5) / (holding + 0.5));

/** A space in which every term says as much of each passage that holds it as its idf: passages of one length. */
const spaceOf = (passages: number, holders: Record<string, number[]>, reach = 10_000): TermScores => ({
  passages,
  reach,
  terms: new Map(Object.entries(holders).map(([term, rows]) => [term, new Map(rows.slice(0, reach).map((row) => [BigInt(row), idf(passages, rows.length)]))])),
});
const bm25Of = (space: TermScores, row: number): number => [...space.terms.values()].reduce((sum, scores) => sum + (scores.get(BigInt(row)) ?? 0), 0);
const hitOf = (space: TermScores, row: number) => ({ rowId: BigInt(row), id: `d${row}#0`, bm25: bm25Of(space, row) });

describe('BM25 over both scopes', () => {
  test('is what one space with all of their passages would give', () => {
    const rows = (passages: number) => fc.uniqueArray(fc.integer({ min: 0, max: passages - 1 }), { maxLength: passages });
    const anySpace = fc
      .integer({ min: 1, max: 30 })
      .chain((passages) => fc.record({ passages: fc.constant(passages), wing: rows(passages), lift: rows(passages), drag: rows(passages) }));
    fc.assert(
      fc.property(anySpace, anySpace, (a, b) => {
        const tenant = spaceOf(a.passages, { wing: a.wing, lift: a.lift, drag: a.drag });
        const global = spaceOf(b.passages, { wing: b.wing, lift: b.lift, drag: b.drag });
        const score = pooledScores(
          new Map<Scope, TermScores>([
            ['tenant', tenant],
            ['global', global],
          ]),
        );
        for (let row = 0; row < a.passages; row++) {
          const held = (['wing', 'lift', 'drag'] as const).filter((term) => a[term].includes(row));
          const together = held.reduce((sum, term) => sum + idf(a.passages + b.passages, a[term].length + b[term].length), 0);
          expect(score('tenant', hitOf(tenant, row))).toBeCloseTo(together, 10);
        }
      }),
      runs(200),
    );
  });

  test('of one scope is its own', () => {
    const space = spaceOf(10, { wing: [1, 2] });
    expect(pooledScores(new Map([['tenant' as const, space]]))('tenant', hitOf(space, 1))).toBeCloseTo(bm25Of(space, 1), 12);
  });

  test('gives nothing for a word that one scope’s language does not count', () => {
    const tenant = spaceOf(10, { wing: [1, 2] });
    const global = spaceOf(10, { wing: [3], the: [3] });
    const score = pooledScores(
      new Map<Scope, TermScores>([
        ['tenant', tenant],
        ['global', global],
      ]),
    );
    expect(score('global', hitOf(global, 3))).toBeCloseTo(score('tenant', hitOf(tenant, 1)), 10);
  });

  test('leaves alone what phrases and misspelt words gave, and terms that too many passages hold to be counted', () => {
    const tenant = spaceOf(3, { wing: [0, 1, 2] });
    const global = spaceOf(1000, { wing: Array.from({ length: 50 }, (_, row) => row) }, 20);
    const score = pooledScores(
      new Map<Scope, TermScores>([
        ['tenant', tenant],
        ['global', global],
      ]),
    );
    const { bm25, ...hit } = hitOf(tenant, 0);
    expect(score('tenant', { ...hit, bm25: bm25 + 2 }) - score('tenant', { ...hit, bm25 })).toBeCloseTo(2, 12);
    expect(score('global', hitOf(global, 5))).toBeCloseTo(bm25Of(global, 5), 12);
  });
});
