/** One measured thing: what it is, and its value in every round. */
export interface Figure {
  bench: string;
  what: string;
  unit: string;
  rounds: number[];
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? Number.NaN) : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
};

export const shown = (value: number): string => {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  return value.toPrecision(4).replace(/\.?0+$/, '');
};

/** Median of the rounds and how far they lie apart. */
const row = ({ bench, what, unit, rounds }: Figure): string => {
  const spread = rounds.length === 1 ? 'one round' : `${shown(Math.min(...rounds))} – ${shown(Math.max(...rounds))}`;
  return `| ${bench} | ${what} | ${shown(median(rounds))} ${unit} | ${spread} |`;
};

export const markdownTable = (figures: readonly Figure[]): string =>
  ['| bench | what | median | spread |', '|---|---|---|---|', ...figures.map(row)].join('\n');
