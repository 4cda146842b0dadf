import { describe, expect, test } from 'vitest';
import { averagePrecision, measure, ndcgAt, recallAt } from '../../client/cli/eval/measures.ts';

const grades = (judged: Record<string, number>): Map<string, number> => new Map(Object.entries(judged));
/** As trec_eval prints them. */
const rounded = (value: number): number => Math.round(value * 10_000) / 10_000;

describe('measures of a ranking, as trec_eval computes them', () => {
  const judged = grades({ a: 1, b: 1, c: 1, d: 0 });
  const ranked = ['x', 'a', 'd', 'b', 'y'];

  test('nDCG: 1/log2(3) + 1/log2(5) of 1 + 1/log2(3) + 1/log2(4)', () => expect(rounded(ndcgAt(ranked, judged, 10))).toBe(0.4982));
  test('nDCG with grades: the grade is the gain, negative ones are 0', () => {
    // 1/log2(2) + 3/log2(3) + 2/log2(5) of 3/log2(2) + 2/log2(3) + 1/log2(4)
    expect(rounded(ndcgAt(['p', 'q', 'n', 'r'], grades({ p: 1, q: 3, r: 2, n: -2 }), 10))).toBe(0.7884);
  });
  test('nDCG looks no deeper than its depth, neither for what was found nor for the best there could be', () => {
    expect(ndcgAt(['x', 'a'], judged, 1)).toBe(0);
    expect(ndcgAt(['a', 'x', 'x', 'b'], judged, 1)).toBe(1);
  });
  test('recall: 2 of 3', () => {
    expect(rounded(recallAt(ranked, judged, 100))).toBe(0.6667);
    expect(rounded(recallAt(ranked, judged, 3))).toBe(0.3333);
  });
  test('average precision: (1/2 + 2/4) / 3', () => expect(rounded(averagePrecision(ranked, judged))).toBe(0.3333));
  test('a perfect ranking has 1 in each', () => {
    const best = ['c', 'a', 'b', 'x'];
    expect([ndcgAt(best, judged, 10), recallAt(best, judged, 100), averagePrecision(best, judged)]).toEqual([1, 1, 1]);
  });
  test('without an answer, or with nothing relevant, all are 0', () => {
    for (const [list, known] of [
      [[], judged],
      [ranked, grades({ d: 0 })],
    ] as const)
      expect([ndcgAt(list, known, 10), recallAt(list, known, 100), averagePrecision(list, known)]).toEqual([0, 0, 0]);
  });
  test('of a collection they are the mean over its queries', () => {
    const two = [
      { ranked, grades: judged },
      { ranked: [], grades: judged },
    ];
    expect(rounded(measure(two)['ndcg@10'])).toBe(0.2491);
    expect(rounded(measure(two).map)).toBe(0.1667);
    expect(measure([])).toEqual({ 'ndcg@10': 0, 'recall@100': 0, map: 0 });
  });
});
