import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RawHit } from '../../runner/ports/vector-store.ts';
import { type Candidate, defaultWeights, type FusionOptions, fuse, type RawList, settled } from '../../runner/query/fuse.ts';
import type { Scope } from '../../shared/space-key.ts';
import { runs } from '../scale.ts';

const scopes: readonly Scope[] = ['tenant', 'global'];

/** A list of rows by their numbers, best first; a row's score falls with its place, and may tie with its neighbour's. */
const list = (kind: 'vector' | 'text', scope: Scope, rows: readonly number[], falls: readonly number[] = [], measure: string = kind): RawList => {
  let score = 100;
  const hits = rows.map((row, index): RawHit => {
    score -= falls[index] ?? 1;
    return { rowId: BigInt(row), id: `d${row}#0`, ...(kind === 'vector' ? { distance: 1 - score } : { bm25: score }) };
  });
  return { kind, scope, measure, score: ({ distance, bm25 }) => (distance === undefined ? (bm25 ?? 0) : 1 - distance), hits };
};

const anyRows = (): fc.Arbitrary<number[]> => fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { maxLength: 10 });
const anyList = (kind: 'vector' | 'text', scope: Scope, measure?: string): fc.Arbitrary<RawList> =>
  fc.tuple(anyRows(), fc.array(fc.constantFrom(0, 1, 5), { maxLength: 10 })).map(([rows, falls]) => list(kind, scope, rows, falls, measure));
/** Up to one list of each kind and scope; the scopes' vectors are of one model, or of two. */
const anyLists = (): fc.Arbitrary<RawList[]> =>
  fc
    .boolean()
    .chain((oneModel) =>
      fc.tuple(
        fc.subarray(
          scopes.flatMap((scope) => [anyList('vector', scope, oneModel ? 'model' : `model ${scope}`), anyList('text', scope)]),
          { minLength: 1 },
        ),
      ),
    )
    .chain(([chosen]) => fc.tuple(...chosen));
const weight = (): fc.Arbitrary<number> => fc.constantFrom(0, 0.05, 0.5, 1, 3, 1000);
const anyOptions = (): fc.Arbitrary<FusionOptions> =>
  fc.record({
    mode: fc.constantFrom('hybrid', 'vector', 'text'),
    k: fc.constantFrom(1, 60, 10_000),
    weights: fc.record({
      vector: fc.oneof(weight(), fc.record({ tenant: weight(), global: weight() })),
      ...{ text: weight(), tenant: weight(), global: weight() },
    }),
  });
const hybrid: FusionOptions = { mode: 'hybrid', k: 60, weights: defaultWeights(1) };

const kindWeight = ({ vector, text }: FusionOptions['weights'], kind: RawList['kind'], scope: Scope): number =>
  kind === 'text' ? text : typeof vector === 'number' ? vector : vector[scope];

const names = (ranked: readonly Candidate[]): string[] => ranked.map(({ scope, id }) => `${scope} ${id}`);
const absent = Number.NEGATIVE_INFINITY;
const scoreIn = (one: RawList, { scope, id }: Candidate): number => {
  const hit = one.hits.find((candidate) => one.scope === scope && candidate.id === id);
  return hit === undefined ? absent : one.score(hit);
};
const ofMode = (lists: readonly RawList[], { mode }: FusionOptions): RawList[] => lists.filter(({ kind }) => mode === 'hybrid' || kind === mode);

describe('fusing lists', () => {
  test('gives each row of them once, and no other', () => {
    fc.assert(
      fc.property(anyLists(), (lists) => {
        const found = lists.flatMap(({ scope, hits }) => hits.map(({ id }) => `${scope} ${id}`));
        const ranked = names(fuse(lists, hybrid));
        expect(ranked.toSorted()).toEqual([...new Set(found)].sort());
      }),
      runs(300),
    );
  });

  test('does not depend on the order of the lists', () => {
    fc.assert(
      fc.property(
        anyLists().chain((lists) => fc.tuple(fc.constant(lists), fc.shuffledSubarray(lists, { minLength: lists.length }))),
        anyOptions(),
        ([lists, shuffled], options) => {
          expect(fuse(ofMode(shuffled, options), options)).toEqual(fuse(ofMode(lists, options), options));
        },
      ),
      runs(300),
    );
  });

  test('ranks a row that stands above another in every list above it', () => {
    fc.assert(
      fc.property(anyLists(), anyOptions(), (lists, options) => {
        const { mode, weights } = options;
        const counted = ofMode(lists, options).filter(({ kind, scope }) => mode !== 'hybrid' || kindWeight(weights, kind, scope) * weights[scope] > 0);
        const ranked = fuse(counted, options);
        ranked.forEach((low, index) => {
          for (const high of ranked.slice(0, index)) {
            const scores = counted.map((one) => [scoreIn(one, low), scoreIn(one, high)] as const).filter(([a, b]) => Math.max(a, b) > absent);
            const isAboveEverywhere = low.scope === high.scope && scores.every(([a, b]) => a > b);
            // Sums of very different weights may round to the same: then the order is by name.
            if (isAboveEverywhere) expect(low.score).toBe(high.score);
          }
        });
      }),
      runs(500),
    );
  });

  test('gives scores that never rise down the list; ties stand by scope, then by id', () => {
    fc.assert(
      fc.property(anyLists(), anyOptions(), (lists, options) => {
        const ranked = fuse(ofMode(lists, options), options);
        ranked.forEach((candidate, index) => {
          const before = ranked[index - 1];
          if (before === undefined) return;
          expect(candidate.score).toBeLessThanOrEqual(before.score);
          if (candidate.score !== before.score) return;
          expect(`${before.scope === 'tenant' ? 0 : 1} ${before.id}` < `${candidate.scope === 'tenant' ? 0 : 1} ${candidate.id}`).toBe(true);
        });
      }),
      runs(500),
    );
  });

  test('gives hybrid scores from 0 to 1', () => {
    fc.assert(
      fc.property(anyLists(), anyOptions(), (lists, options) => {
        for (const { score } of fuse(lists, { ...options, mode: 'hybrid' })) {
          expect(score).toBeGreaterThan(0);
          expect(score).toBeLessThanOrEqual(1);
        }
      }),
      runs(300),
    );
  });

  test('a list of weight 0 is as if it were not there', () => {
    fc.assert(
      fc.property(anyLists(), fc.constantFrom('vector' as const, 'text' as const, 'tenant' as const, 'global' as const), (lists, part) => {
        const without = lists.filter(({ kind, scope }) => kind !== part && scope !== part);
        const order = names(fuse(lists, { ...hybrid, weights: { ...hybrid.weights, [part]: 0 } }));
        expect(order).toEqual(names(fuse(without, hybrid)));
      }),
      runs(300),
    );
  });

  test('without rows gives none', () => {
    expect(fuse([], hybrid)).toEqual([]);
    expect(fuse([list('text', 'tenant', [])], hybrid)).toEqual([]);
  });
});

describe('what a score says', () => {
  test('in one mode it is the list’s own, with the engine’s number beside it', () => {
    const [vectorHit] = fuse([list('vector', 'tenant', [1])], { ...hybrid, mode: 'vector' });
    const [textHit] = fuse([list('text', 'tenant', [1])], { ...hybrid, mode: 'text' });
    expect(vectorHit).toMatchObject({ score: 99, distance: -98, ranks: { vector: 1 } });
    expect(vectorHit).not.toHaveProperty('bm25');
    expect(textHit).toMatchObject({ score: 99, bm25: 99, ranks: { text: 1 } });
    expect(textHit).not.toHaveProperty('distance');
  });

  test('in hybrid it is the sum of weight / (k + rank), of the most there could be', () => {
    const ranked = fuse([list('vector', 'tenant', [1, 2]), list('text', 'tenant', [2])], { ...hybrid, weights: defaultWeights(0.5) });
    const most = 1.5 / 61;
    expect(ranked.map(({ id, score }) => [id, Number(score.toFixed(12))])).toEqual([
      ['d2#0', Number(((0.5 / 62 + 1 / 61) / most).toFixed(12))],
      ['d1#0', Number((0.5 / 61 / most).toFixed(12))],
    ]);
    expect(ranked[0]).toMatchObject({ ranks: { vector: 2, text: 1 } });
  });

  test('a row that is first everywhere has 1', () => {
    expect(fuse([list('vector', 'tenant', [1]), list('text', 'tenant', [1])], hybrid)[0]?.score).toBe(1);
  });
});

describe('what is settled of lists that were cut off', () => {
  test('is how the ranking of the whole lists begins, in one mode', () => {
    fc.assert(
      fc.property(anyLists(), anyOptions(), fc.integer({ min: 1, max: 8 }), (lists, options, depth) => {
        fc.pre(options.mode !== 'hybrid');
        const whole = ofMode(lists, options);
        const cut = whole.map((one) => ({ ...one, hits: one.hits.slice(0, depth) }));
        const begins = names(settled(fuse(cut, options), cut, depth, options));
        expect(names(fuse(whole, options)).slice(0, begins.length)).toEqual(begins);
        if (whole.every(({ hits }) => hits.length < depth)) expect(begins).toEqual(names(fuse(whole, options)));
      }),
      runs(300),
    );
  });
});

describe('two scopes', () => {
  test('of one measure are one list before ranks are taken: an irrelevant global space stays where it scored', () => {
    const good = list('vector', 'tenant', [1, 2, 3]);
    const irrelevant = list('vector', 'global', [7, 8], [90, 1]);
    expect(names(fuse([good, irrelevant], hybrid))).toEqual(['tenant d1#0', 'tenant d2#0', 'tenant d3#0', 'global d7#0', 'global d8#0']);
  });

  test('of two models keep their own ranks', () => {
    const ranked = fuse([list('vector', 'tenant', [1, 2], [], 'a'), list('vector', 'global', [7, 8], [90, 1], 'b')], hybrid);
    expect(names(ranked)).toEqual(['tenant d1#0', 'global d7#0', 'tenant d2#0', 'global d8#0']);
  });

  test('with one row number are two rows', () => {
    expect(names(fuse([list('text', 'tenant', [1]), list('text', 'global', [1])], hybrid))).toEqual(['tenant d1#0', 'global d1#0']);
  });

  test('of two models weigh as their embedders do', () => {
    const lists = [list('vector', 'tenant', [1], [], 'weak'), list('vector', 'global', [7], [], 'strong')];
    const ranked = fuse(lists, { ...hybrid, weights: defaultWeights({ tenant: 0.25, global: 1 }) });
    expect(ranked.map(({ id, score }) => [id, score])).toEqual([
      ['d7#0', 0.5],
      ['d1#0', 0.125],
    ]);
  });

  test('weigh by their weights', () => {
    const lists = [list('text', 'tenant', [1]), list('text', 'global', [7], [2])];
    expect(names(fuse(lists, { ...hybrid, weights: { ...hybrid.weights, global: 3 } }))).toEqual(['global d7#0', 'tenant d1#0']);
  });
});
