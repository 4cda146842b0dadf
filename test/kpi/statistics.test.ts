import fc from 'fast-check';
import { median } from 'simple-statistics';
import { describe, expect, test } from 'vitest';
import { changePointsIn, pettitt } from '../../runner/kpi/statistics/change-points.ts';
import { outliersIn } from '../../runner/kpi/statistics/outliers.ts';
import { outlierLimit, robustSpread, runningMedian } from '../../runner/kpi/statistics/robust.ts';
import { repeatingPart } from '../../runner/kpi/statistics/seasonal.ts';
import { trendOf } from '../../runner/kpi/statistics/trend.ts';

/** Normal values (Box and Muller) from a seed. */
const noise = (count: number, seed: number): number[] => {
  let state = seed;
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return (state + 1) / 2_147_483_649;
  };
  return Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random()));
};
const numbers = (min: number, max: number) => fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: min, maxLength: max });
const seeds = Array.from({ length: 40 }, (_, index) => index * 7919 + 1);

describe('robust location and spread', () => {
  test('the spread of normal values is their standard deviation, whatever a tenth of them is', () => {
    const values = noise(5000, 1).map((value, index) => (index % 10 === 0 ? 1e6 : value));
    expect(robustSpread(values)).toBeGreaterThan(0.95);
    expect(robustSpread(values)).toBeLessThan(1.35);
  });

  test('a constant has no spread, and one value that differs gives some', () => {
    expect(robustSpread([5, 5, 5, 5])).toBe(0);
    expect(robustSpread([5, 5, 5, 6])).toBeGreaterThan(0);
  });

  test('the limit is 3.5, and more among many', () => {
    expect(outlierLimit(30)).toBe(3.5);
    // Normal quantiles of 1 - 0.05 / 2n.
    expect(outlierLimit(1000)).toBeCloseTo(4.06, 1);
    expect(outlierLimit(10_000)).toBeCloseTo(4.56, 1);
  });

  test.each(['shorter', 'whole'] as const)('the running median is the median of each neighbourhood, with %s ends', (ends) => {
    fc.assert(
      fc.property(numbers(1, 40), fc.integer({ min: 0, max: 12 }), (values, reach) => {
        const width = 2 * reach + 1;
        const plain = values.map((_, index) => {
          const first = ends === 'shorter' ? index - reach : Math.min(index - reach, values.length - width);
          const from = Math.max(0, first);
          const to = ends === 'shorter' ? index + reach + 1 : Math.max(index + reach + 1, width);
          return median(values.slice(from, to));
        });
        expect(runningMedian(values, reach, ends)).toEqual(plain);
      }),
    );
  });
});

describe('what repeats', () => {
  test('is found as medians by phase, and only where it explains something', () => {
    const phases = Array.from({ length: 140 }, (_, index) => index % 7);
    const wave = phases.map((phase) => phase * 10);
    const rest = noise(140, 3);
    const found = repeatingPart(
      wave.map((value, index) => value - 30 + (rest[index] as number)),
      [{ name: 'week', phases }],
    );
    expect(found.pattern).toBe('week');
    found.part.forEach((value, index) => {
      expect(Math.abs(value - ((wave[index] as number) - 30))).toBeLessThan(1.5);
    });
    expect(repeatingPart(rest, [{ name: 'week', phases }]).pattern).toBeUndefined();
  });
});

describe('outliers', () => {
  test('noise has next to none', () => {
    const found = seeds.map((seed) => outliersIn(noise(400, seed), 10, []).outliers.length);
    // 40 series of 400 values, at 5 % a series.
    expect(found.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(8);
  });

  test('a spike is found among a week that repeats, a level that moves and noise, with what was expected', () => {
    for (const seed of seeds.slice(0, 10)) {
      const values = noise(210, seed).map((value, day) => 500 + day + 40 * (day % 7) + 5 * value);
      const expected = 500 + 100 + 40 * (100 % 7);
      values[100] = expected + 150;
      const { outliers, pattern } = outliersIn(values, 10, [{ name: 'week', phases: values.map((_, day) => day % 7) }]);
      const spike = outliers.find(({ index }) => index === 100);
      expect(pattern).toBe('week');
      expect(spike?.score).toBeGreaterThan(10);
      expect(Math.abs((spike?.expected ?? 0) - expected)).toBeLessThan(15);
    }
  });

  test('do not depend on the unit: scaled and shifted values have the same', () => {
    fc.assert(
      fc.property(numbers(30, 80), fc.integer({ min: 1, max: 50 }), fc.integer({ min: -500, max: 500 }), (values, scale, shift) => {
        const moved = values.map((value) => value * scale + shift);
        const places = (list: number[]) => outliersIn(list, 5, []).outliers.map(({ index, score }) => [index, Math.round(score * 1e6)]);
        expect(places(moved)).toEqual(places(values));
      }),
    );
  });

  test.each([
    ['a constant', Array(100).fill(3)],
    ['a constant of fractions', Array(100).fill(0.1 + 0.2)],
    ['too few', noise(27, 1).map((value, index) => (index === 5 ? 1e9 : value))],
    ['nothing', []],
  ])('%s has none', (_, values) => {
    expect(outliersIn(values, 10, []).outliers).toEqual([]);
  });

  test('one value that differs from a constant is one', () => {
    const values = Array(100).fill(3);
    values[40] = 4;
    expect(outliersIn(values, 10, []).outliers.map(({ index }) => index)).toEqual([40]);
  });
});

describe('change points', () => {
  test("Pettitt's statistic is the largest sum of signs between what lies before and after", () => {
    fc.assert(
      fc.property(numbers(2, 25), (values) => {
        const sums = values.slice(1).map((_, cut) => {
          const [before, after] = [values.slice(0, cut + 1), values.slice(cut + 1)];
          return Math.abs(before.reduce((sum, a) => sum + after.reduce((inner, b) => inner + Math.sign(b - a), 0), 0));
        });
        const most = Math.max(...sums);
        const n = values.length;
        const { index, p } = pettitt(values);
        if (most > 0) expect(sums[index - 1]).toBe(most);
        expect(p).toBeCloseTo(Math.min(1, 2 * Math.exp((-6 * most * most) / (n ** 3 + n ** 2))), 9);
      }),
    );
  });

  test('lasting changes are found where they are, each with its levels', () => {
    const values = [...noise(40, 1), ...noise(40, 2).map((value) => value + 10), ...noise(40, 3).map((value) => value + 4)];
    const found = changePointsIn(values, 7);
    expect(found.map(({ index, from, to }) => [index, from, to])).toEqual([
      [40, 0, 80],
      [80, 40, 120],
    ]);
    expect(found[0]?.before).toBe(median(values.slice(0, 40)));
    expect(found[0]?.after).toBe(median(values.slice(40, 80)));
  });

  test('noise, a straight climb and a constant have none', () => {
    for (const seed of seeds) expect(changePointsIn(noise(120, seed), 7)).toEqual([]);
    expect(
      changePointsIn(
        Array.from({ length: 200 }, (_, index) => index),
        7,
      ),
    ).toEqual([]);
    expect(changePointsIn(Array(100).fill(1), 7)).toEqual([]);
  });

  test('a step between two constants is one', () => {
    expect(changePointsIn([...Array(20).fill(1), ...Array(20).fill(2)], 7)).toMatchObject([{ index: 20, before: 1, after: 2, strength: undefined }]);
  });
});

describe('trends', () => {
  test("Sen's slope is the median of all slopes, and a straight line's own", () => {
    expect(trendOf([1, 3, 5, 7, 9, 11, 13, 15])).toMatchObject({ slope: 2 });
    expect(trendOf([1, 3, 5, 7, 9, 11, 13, 15]).p).toBeLessThan(0.01);
    // Worked by hand: slopes 3, 0.5, 2, -2, 1.5, 5.
    expect(trendOf([1, 4, 2, 7]).slope).toBe(1.75);
  });

  test("Kendall's test of a worked example: S = 16 of n = 8 without ties", () => {
    // Variance 8 · 7 · 21 / 18 = 65.33, z = 15 / 8.083 = 1.856, two-sided 0.0635.
    expect(trendOf([1, 2, 3, 5, 4, 8, 6, 3.5]).p).toBeCloseTo(0.0635, 3);
  });

  test('a constant has none', () => {
    expect(trendOf([4, 4, 4, 4, 4])).toEqual({ slope: 0, p: 1 });
  });
});
