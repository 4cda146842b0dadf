import { mean, median, medianAbsoluteDeviation, probit } from 'simple-statistics';

/** Makes the median absolute deviation estimate a normal distribution's standard deviation. */
const madToSigma = 1.4826;
/** The same for the mean absolute deviation. */
const meanToSigma = 1.253314;

/**
 * Spread that a few wild values cannot move: the median absolute deviation; where more than half of the values are
 * equal, the mean one (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993). 0 for a constant,
 * and for nothing.
 */
export const robustSpread = (values: readonly number[]): number => {
  if (values.length === 0) return 0;
  const byMedian = madToSigma * medianAbsoluteDeviation(values as number[]);
  if (byMedian > 0) return byMedian;
  const middle = median(values as number[]);
  return meanToSigma * mean(values.map((value) => Math.abs(value - middle)));
};

/** Iglewicz and Hoaglin's customary limit of the modified z-score. */
const customaryLimit = 3.5;
const alpha = 0.05;

/** From which modified z-score on one of `count` values is an outlier: 3.5, or more where among so many one that far is chance (Bonferroni, 5 %). */
export const outlierLimit = (count: number): number => Math.max(customaryLimit, probit(1 - alpha / (2 * count)));

/** Place of a value in an ascending list. */
const placeOf = (sorted: readonly number[], value: number): number => {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
};

/**
 * Median of each value's neighbourhood, `reach` to either side (Tukey's running median, 1977).
 * @param ends what the first and last ones are medians of: what there is of their neighbourhood, or a whole one beside them
 */
export const runningMedian = (values: readonly number[], reach: number, ends: 'shorter' | 'whole'): number[] => {
  const window: number[] = [];
  let [from, to] = [0, 0];
  return values.map((_, index) => {
    const spare = ends === 'whole' ? [Math.max(0, reach - index), Math.max(0, index + reach + 1 - values.length)] : [0, 0];
    const [first, end] = [Math.max(0, index - reach - (spare[1] as number)), Math.min(values.length, index + reach + 1 + (spare[0] as number))];
    for (; to < end; to++) window.splice(placeOf(window, values[to] as number), 0, values[to] as number);
    for (; from < first; from++) window.splice(placeOf(window, values[from] as number), 1);
    const half = window.length >> 1;
    const upper = window[half] as number;
    return window.length % 2 === 1 ? upper : ((window[half - 1] as number) + upper) / 2;
  });
};
