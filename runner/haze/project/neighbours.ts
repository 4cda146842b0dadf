import { countOf, type Rows } from './rows.ts';

export interface Neighbours {
  indices: number[];
  /** Euclidean, ascending. */
  distances: number[];
}

/** The `wanted` rows of `among` that lie nearest to a point, exactly; ties by index. */
export const nearest = (point: Float32Array, among: Rows, wanted: number): Neighbours => {
  const indices: number[] = [];
  const squares: number[] = [];
  const { values, width } = among;
  let worst = Number.POSITIVE_INFINITY;
  for (let index = 0, base = 0; index < countOf(among); index++, base += width) {
    let sum = 0;
    for (let at = 0; at < width && sum < worst; at++) {
      const gap = (point[at] ?? 0) - (values[base + at] ?? 0);
      sum += gap * gap;
    }
    if (sum >= worst) continue;
    let place = squares.length;
    while (place > 0 && (squares[place - 1] ?? 0) > sum) place--;
    squares.splice(place, 0, sum);
    indices.splice(place, 0, index);
    if (squares.length > wanted) {
      squares.pop();
      indices.pop();
    }
    if (squares.length === wanted) worst = squares[wanted - 1] ?? worst;
  }
  return { indices, distances: squares.map(Math.sqrt) };
};
