/** Vectors of one length, one after the other. */
export interface Rows {
  readonly values: Float32Array;
  /** Numbers in each. */
  readonly width: number;
}

export const countOf = ({ values, width }: Rows): number => (width === 0 ? 0 : values.length / width);

export const rowAt = ({ values, width }: Rows, index: number): Float32Array => values.subarray(index * width, (index + 1) * width);

/** Scales each row to length 1, in place: then Euclidean distance orders as cosine distance does. A zero row stays. */
export const normalise = (rows: Rows): void => {
  for (let index = 0; index < countOf(rows); index++) {
    const row = rowAt(rows, index);
    let squares = 0;
    for (const value of row) squares += value * value;
    if (squares > 0) {
      const scale = 1 / Math.sqrt(squares);
      for (let at = 0; at < row.length; at++) row[at] = (row[at] ?? 0) * scale;
    }
  }
};
