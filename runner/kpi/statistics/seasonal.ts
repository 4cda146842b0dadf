import { median } from 'simple-statistics';
import { robustSpread, runningMedian } from './robust.ts';

/** A pattern needs this many repeats before its medians say more than chance. */
const minCycles = 5;
/** A pattern is believed when it takes away at least a quarter of the spread, and a finer one when it takes away still more. */
const believedShare = 0.75;
const finerShare = 0.95;

/** A way to repeat: the phase of each value, such as its hour of the week. */
export interface Pattern {
  name: string;
  phases: readonly number[];
}

const mediansBy = (values: readonly number[], phases: readonly number[]): Map<number, number> => {
  const groups = new Map<number, number[]>();
  values.forEach((value, index) => {
    const phase = phases[index] as number;
    const group = groups.get(phase);
    if (group === undefined) groups.set(phase, [value]);
    else group.push(value);
  });
  return new Map([...groups].map(([phase, group]) => [phase, median(group)]));
};

/** Values without what repeats in them around their running median. */
export const withoutPattern = (values: readonly number[], reach: number, patterns: readonly Pattern[]): number[] => {
  const level = runningMedian(values, reach, 'whole');
  const { part } = repeatingPart(
    values.map((value, index) => value - (level[index] as number)),
    patterns,
  );
  return values.map((value, index) => value - (part[index] as number));
};

/**
 * What repeats in values around zero, as medians by phase, which wild values cannot move (the seasonal part of S-H-ESD:
 * Hochenbaum, Vallis, Kejariwal, Automatic Anomaly Detection in the Cloud Via Statistical Learning, 2017).
 * @param patterns finest first
 * @returns the repeating part of each value, and which pattern was believed; zeros when none was
 */
export const repeatingPart = (values: readonly number[], patterns: readonly Pattern[]): { part: number[]; pattern: string | undefined } => {
  const plainSpread = robustSpread(values);
  let best: { part: number[]; pattern: string | undefined } = { part: values.map(() => 0), pattern: undefined };
  let bestSpread = plainSpread;
  for (const { name, phases } of patterns) {
    const medians = mediansBy(values, phases);
    if (medians.size < 2 || values.length / medians.size < minCycles) continue;
    const part = phases.map((phase) => medians.get(phase) as number);
    const spread = robustSpread(values.map((value, index) => value - (part[index] as number)));
    if (spread >= plainSpread * believedShare || spread >= bestSpread * finerShare) continue;
    best = { part, pattern: name };
    bestSpread = spread;
  }
  return best;
};
