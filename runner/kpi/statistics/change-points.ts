import { median } from 'simple-statistics';
import { robustSpread } from './robust.ts';
import { trendOf } from './trend.ts';

export interface ChangePoint {
  /** First value of the new level. */
  index: number;
  /** Where the old level began, and where the new one ends (exclusive). */
  from: number;
  to: number;
  before: number;
  after: number;
  /** Difference of the levels in robust standard deviations of the values around them; absent when they do not vary. */
  strength: number | undefined;
  p: number;
}

/** Ranks from 1, equal values sharing theirs. */
const ranksOf = (values: readonly number[]): number[] => {
  const order = values.map((_, index) => index).sort((a, b) => (values[a] as number) - (values[b] as number));
  const ranks = new Array<number>(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end] as number] === values[order[start] as number]) end += 1;
    for (const index of order.slice(start, end)) ranks[index] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
};

/** Pettitt's test (A Non-Parametric Approach to the Change-Point Problem, 1979): where the ranks part most, and the chance of that. */
export const pettitt = (values: readonly number[]): { index: number; p: number } => {
  const n = values.length;
  let [sum, most, index] = [0, 0, 0];
  ranksOf(values).forEach((rank, place) => {
    sum += 2 * rank - (n + 1);
    if (place < n - 1 && Math.abs(sum) > most) [most, index] = [Math.abs(sum), place + 1];
  });
  return { index, p: Math.min(1, 2 * Math.exp((-6 * most * most) / (n ** 3 + n ** 2))) };
};

/** Neighbours resemble each other, which makes small chances larger than the test believes: it has to be very sure. */
const maxP = 0.001;
const minStrength = 2.5;
/** Values that a trend line is fitted to: its work grows with their square. */
const lineValues = 200;

const spreadAroundLevels = (left: readonly number[], right: readonly number[]): number => {
  const [before, after] = [median(left as number[]), median(right as number[])];
  return robustSpread([...left.map((value) => value - before), ...right.map((value) => value - after)]);
};

/** Spread around a straight line. Where that is about as small as around two levels, the series climbs rather than jumps. */
const spreadAroundLine = (values: readonly number[]): number => {
  const stride = Math.ceil(values.length / lineValues);
  const sampled = values.filter((_, index) => index % stride === 0);
  const { slope } = trendOf(sampled);
  return robustSpread(sampled.map((value, index) => value - slope * index));
};

/** Where to split in two, again and again, as long as the ranks of the two sides part. */
const splits = (values: readonly number[], minLength: number, from: number): { index: number; p: number }[] => {
  if (values.length < 2 * minLength) return [];
  const { index, p } = pettitt(values);
  if (p > maxP || index < minLength || values.length - index < minLength) return [];
  const [left, right] = [values.slice(0, index), values.slice(index)];
  return [...splits(left, minLength, from), { index: from + index, p }, ...splits(right, minLength, from + index)];
};

/** A change between its neighbours, with how much of one it is: 0 where a straight line says it as well. */
interface Weighed extends ChangePoint {
  weight: number;
}

const weighed = (values: readonly number[], found: readonly { index: number; p: number }[]): Weighed[] =>
  found.map(({ index, p }, place) => {
    const from = found[place - 1]?.index ?? 0;
    const to = found[place + 1]?.index ?? values.length;
    const [left, right] = [values.slice(from, index), values.slice(index, to)];
    const [before, after] = [median(left), median(right)];
    const spread = spreadAroundLevels(left, right);
    const step = Math.abs(after - before);
    const strength = spread === 0 ? undefined : step / spread;
    const climbs = spread > 0.9 * spreadAroundLine(values.slice(from, to));
    return { index, from, to, before, after, strength, p, weight: climbs || step === 0 ? 0 : (strength ?? Number.POSITIVE_INFINITY) };
  });

/**
 * Lasting changes of level: Pettitt's test by binary segmentation (Scott and Knott, A Cluster Analysis Method for Grouping
 * Means, 1974); then, the weakest first, those go that are no step of their own between the levels left and right of them.
 * The levels are the medians between one change and the next.
 * @param minLength values that a level must last
 */
export const changePointsIn = (values: readonly number[], minLength: number): ChangePoint[] => {
  let found = weighed(values, splits(values, minLength, 0));
  for (;;) {
    const weakest = found.reduce<Weighed | undefined>((least, one) => (least === undefined || one.weight < least.weight ? one : least), undefined);
    if (weakest === undefined || weakest.weight >= minStrength) return found.map(({ weight: _, ...change }) => change);
    found = weighed(
      values,
      found.filter((one) => one !== weakest),
    );
  }
};
