import { errorFunction, median } from 'simple-statistics';

export interface Trend {
  /** Median change from one value to the next. */
  slope: number;
  /** Chance of so much order without a trend, two-sided. */
  p: number;
}

/**
 * Monotone trend: the Mann-Kendall test (Mann 1945; Kendall 1975, with its correction for ties) and Sen's slope (Sen,
 * Estimates of the Regression Coefficient Based on Kendall's Tau, 1968).
 * @param values evenly spaced; a few dozen: the work grows with their square
 */
export const trendOf = (values: readonly number[]): Trend => {
  const n = values.length;
  const slopes: number[] = [];
  let s = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const step = (values[j] as number) - (values[i] as number);
      s += Math.sign(step);
      slopes.push(step / (j - i));
    }
  }
  const ties = [...Map.groupBy(values, (value) => value).values()].reduce((sum, { length: t }) => sum + t * (t - 1) * (2 * t + 5), 0);
  const variance = (n * (n - 1) * (2 * n + 5) - ties) / 18;
  const z = variance <= 0 || s === 0 ? 0 : (s - Math.sign(s)) / Math.sqrt(variance);
  return { slope: slopes.length === 0 ? 0 : median(slopes), p: Math.min(1, Math.max(0, 1 - errorFunction(Math.abs(z) / Math.SQRT2))) };
};
