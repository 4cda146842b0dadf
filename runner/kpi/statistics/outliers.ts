import { median } from 'simple-statistics';
import { outlierLimit, robustSpread, runningMedian } from './robust.ts';
import { type Pattern, repeatingPart } from './seasonal.ts';

export interface Outlier {
  index: number;
  /** What the level around it and the repeating pattern made likely. */
  expected: number;
  /** Modified z-score: how many robust standard deviations it lies above (positive) or below. */
  score: number;
}

/** Below this nothing can be told apart from chance. */
const minValuesForOutliers = 28;

/**
 * Values that stand out from their level and their pattern: a running median takes away the level, medians by phase
 * the pattern, and what is left is judged by its modified z-score (Iglewicz and Hoaglin, 1993).
 * @param reach of the running median, in values to either side
 */
export const outliersIn = (
  values: readonly number[],
  reach: number,
  patterns: readonly Pattern[],
): { outliers: Outlier[]; pattern: string | undefined; limit: number } => {
  const limit = outlierLimit(Math.max(1, values.length));
  if (values.length < minValuesForOutliers) return { outliers: [], pattern: undefined, limit };
  const roughly = runningMedian(values, reach, 'whole');
  const { part, pattern } = repeatingPart(
    values.map((value, index) => value - (roughly[index] as number)),
    patterns,
  );
  // Without the pattern a neighbourhood need not hold whole rounds of it, so that the ends follow the level, too.
  const level = runningMedian(
    values.map((value, index) => value - (part[index] as number)),
    reach,
    'shorter',
  );
  const expected = level.map((value, index) => value + (part[index] as number));
  const rest = values.map((value, index) => value - (expected[index] as number));
  const middle = median(rest);
  const spread = robustSpread(rest);
  // What floating point leaves of a constant is no spread.
  const scale = Math.max(...[median(values.map(Math.abs)), Number.MIN_VALUE]) * 1e-9;
  if (spread <= scale) return { outliers: [], pattern, limit };
  const outliers = rest.flatMap((value, index): Outlier[] => {
    const score = (value - middle) / spread;
    return Math.abs(score) < limit ? [] : [{ index, expected: (expected[index] as number) + middle, score }];
  });
  return { outliers, pattern, limit };
};
