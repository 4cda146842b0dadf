/** Cells along each side of the box from -1 to 1. */
const side = 24;

/** How crowded each point's place is: points in its cell, on a logarithmic scale from 0 (alone) to 1 (the fullest cell). */
export const densities = (places: Float32Array): Float32Array => {
  const cellOf = (at: number): number => Math.min(side - 1, Math.max(0, Math.floor((((places[at] ?? 0) + 1) / 2) * side)));
  const cells = Int32Array.from({ length: places.length / 3 }, (_, index) => (cellOf(index * 3) * side + cellOf(index * 3 + 1)) * side + cellOf(index * 3 + 2));
  const counts = new Int32Array(side ** 3);
  let fullest = 1;
  for (const cell of cells) {
    const count = (counts[cell] ?? 0) + 1;
    counts[cell] = count;
    fullest = Math.max(fullest, count);
  }
  return Float32Array.from(cells, (cell) => (fullest === 1 ? 0 : Math.log(counts[cell] ?? 1) / Math.log(fullest)));
};
