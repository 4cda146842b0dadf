import { alongAxes, principalAxes } from './axes.ts';
import { seededRandom } from './random.ts';
import { countOf, type Rows, rowAt } from './rows.ts';

interface Part {
  members: readonly number[];
  /** Sum of squared distances from the mean; 0: cannot be divided. */
  spread: number;
}

const seed = 1;

const chosen = (rows: Rows, members: readonly number[]): Rows => {
  const values = new Float32Array(members.length * rows.width);
  members.forEach((index, at) => {
    values.set(rowAt(rows, index), at * rows.width);
  });
  return { values, width: rows.width };
};

const meanOf = ({ values, width }: Rows): number[] => {
  const sums = Array<number>(width).fill(0);
  for (let at = 0; at < values.length; at++) sums[at % width] = (sums[at % width] ?? 0) + (values[at] ?? 0);
  return sums.map((sum) => (sum * width) / values.length);
};

const partOf = (rows: Rows, members: readonly number[]): Part => {
  const own = chosen(rows, members);
  const mean = meanOf(own);
  let spread = 0;
  for (let at = 0; at < own.values.length; at++) spread += ((own.values[at] ?? 0) - (mean[at % own.width] ?? 0)) ** 2;
  return { members, spread };
};

/** On both sides of its mean, along the direction in which it is widest. */
const halvesOf = (rows: Rows, { members }: Part): Part[] => {
  const own = chosen(rows, members);
  const along = alongAxes(principalAxes(own, 1, seededRandom(seed)), own).values;
  const sides = [members.filter((_, at) => (along[at] ?? 0) <= 0), members.filter((_, at) => (along[at] ?? 0) > 0)];
  return sides.every((side) => side.length > 0) ? sides.map((side) => partOf(rows, side)) : [{ members, spread: 0 }];
};

/**
 * Halves the widest part again and again (PCA-Part: Su and Dy 2007, In search of deterministic methods for initializing
 * K-means). Nothing is left to chance, so that nearly the same rows give nearly the same parts.
 * @returns the parts' means after each division: 1, 2, … and at most `most`
 */
export const partitions = (rows: Rows, most: number): number[][][] => {
  let parts = [
    partOf(
      rows,
      Array.from({ length: countOf(rows) }, (_, index) => index),
    ),
  ];
  const means = (): number[][] => parts.map(({ members }) => meanOf(chosen(rows, members)));
  const all = [means()];
  while (parts.length < most) {
    const widest = parts.reduce((best, part) => (part.spread > best.spread ? part : best));
    if (widest.spread === 0) break;
    const halves = halvesOf(rows, widest);
    parts = [...parts.filter((part) => part !== widest), ...halves];
    if (halves.length > 1) all.push(means());
  }
  return all;
};
