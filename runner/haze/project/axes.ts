import { Matrix, QrDecomposition } from 'ml-matrix';
import { countOf, type Rows, rowAt } from './rows.ts';

/** Principal axes of a cloud of vectors: an orthonormal basis, the direction of most variance first. */
export interface Axes {
  mean: Float32Array;
  /** One axis a row. */
  axes: Rows;
  /** Share of all variance along the first three. */
  explained: number;
}

/** The spectrum of embeddings falls fast: this many rounds settle the axes that are seen. */
const rounds = 12;

const meanOf = (rows: Rows): Float32Array => {
  const sums = new Float64Array(rows.width);
  const count = countOf(rows);
  for (let index = 0; index < count; index++) {
    const row = rowAt(rows, index);
    for (let at = 0; at < row.length; at++) sums[at] = (sums[at] ?? 0) + (row[at] ?? 0);
  }
  return Float32Array.from(sums, (sum) => sum / count);
};

/** `Xᵀ(X·V)` row by row: the covariance is never built, which for long vectors is larger than the sample. */
const throughCovariance = (centred: Rows, basis: Matrix): Matrix => {
  const wide = basis.columns;
  const v = Float64Array.from(basis.to1DArray());
  const out = new Float64Array(v.length);
  const along = new Float64Array(wide);
  for (let index = 0; index < countOf(centred); index++) {
    const row = rowAt(centred, index);
    along.fill(0);
    for (let at = 0; at < row.length; at++) {
      const value = row[at] ?? 0;
      if (value !== 0) for (let k = 0; k < wide; k++) along[k] = (along[k] ?? 0) + value * (v[at * wide + k] ?? 0);
    }
    for (let at = 0; at < row.length; at++) {
      const value = row[at] ?? 0;
      if (value !== 0) for (let k = 0; k < wide; k++) out[at * wide + k] = (out[at * wide + k] ?? 0) + value * (along[k] ?? 0);
    }
  }
  return Matrix.from1DArray(basis.rows, wide, out);
};

/** An axis and its opposite are the same axis: the one whose largest number is positive is taken. */
const withSettledSign = (axis: number[]): number[] => {
  const largest = axis.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  return largest < 0 ? axis.map((value) => -value) : axis;
};

/**
 * The first `wanted` principal axes, by orthogonal iteration (Golub and Van Loan, Matrix Computations, 8.2.4).
 * @param wanted at most the vectors' length
 */
export const principalAxes = (rows: Rows, wanted: number, random: () => number): Axes => {
  const mean = meanOf(rows);
  const centred: Rows = { width: rows.width, values: rows.values.map((value, at) => value - (mean[at % rows.width] ?? 0)) };
  let total = 0;
  for (const value of centred.values) total += value * value;
  let basis = new Matrix(rows.width, wanted).apply(function fill(this: Matrix, i, j) {
    this.set(i, j, random() - 0.5);
  });
  let stretched = basis;
  for (let round = 0; round < rounds && total > 0; round++) {
    stretched = throughCovariance(centred, basis);
    // A cloud of fewer dimensions than asked for leaves directions of nothing; noise of no weight keeps the basis whole.
    const noise = stretched.max() * 1e-12 + Number.MIN_VALUE;
    const noisy = stretched.to1DArray().map((value) => value + noise * (random() - 0.5));
    basis = new QrDecomposition(Matrix.from1DArray(rows.width, wanted, noisy)).orthogonalMatrix;
  }
  // vᵀ(XᵀX)v of each axis is the variance along it; sorted by it, for the last round may have left neighbours swapped.
  const last = throughCovariance(centred, basis);
  const variances = Array.from({ length: wanted }, (_, k) => basis.getColumn(k).reduce((sum, value, at) => sum + value * last.get(at, k), 0));
  const order = variances.map((_, k) => k).sort((a, b) => (variances[b] ?? 0) - (variances[a] ?? 0) || a - b);
  const values = Float32Array.from(order.flatMap((k) => withSettledSign(basis.getColumn(k))));
  const first = order.slice(0, 3).reduce((sum, k) => sum + (variances[k] ?? 0), 0);
  return { mean, axes: { values, width: rows.width }, explained: total === 0 ? 1 : Math.min(1, first / total) };
};

/** Coordinates of vectors along the axes. */
export const alongAxes = ({ mean, axes }: Axes, rows: Rows): Rows => {
  const wide = countOf(axes);
  const values = new Float32Array(countOf(rows) * wide);
  for (let index = 0; index < countOf(rows); index++) {
    const row = rowAt(rows, index);
    for (let k = 0; k < wide; k++) {
      let sum = 0;
      const base = k * axes.width;
      for (let at = 0; at < row.length; at++) sum += ((row[at] ?? 0) - (mean[at] ?? 0)) * (axes.values[base + at] ?? 0);
      values[index * wide + k] = sum;
    }
  }
  return { values, width: wide };
};
