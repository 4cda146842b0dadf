/** Side of a cell, in pixels. */
const cell = 16;

/**
 * Where points stand on the screen, by cells: made once for a view of the camera, so that each move of the pointer looks
 * at a few points and never at all of them.
 */
export class ScreenIndex {
  private readonly columns: number;
  private readonly rows: number;
  private readonly lefts: Float32Array;
  private readonly tops: Float32Array;
  /** Where each cell's points begin in `order`. */
  private readonly starts: Int32Array;
  private readonly order: Int32Array;

  /**
   * @param places x, y, z of each point
   * @param matrix projection × view, column by column, as WebGL has it
   * @param width of the canvas, as its height in CSS pixels
   */
  constructor(places: Float32Array, matrix: ArrayLike<number>, width: number, height: number) {
    const count = places.length / 3;
    this.columns = Math.max(1, Math.ceil(width / cell));
    this.rows = Math.max(1, Math.ceil(height / cell));
    this.lefts = new Float32Array(count);
    this.tops = new Float32Array(count);
    const cells = new Int32Array(count).fill(-1);
    this.starts = new Int32Array(this.columns * this.rows + 1);
    const m = Float64Array.from(matrix);
    const along = (row: number, x: number, y: number, z: number): number =>
      (m[row] ?? 0) * x + (m[row + 4] ?? 0) * y + (m[row + 8] ?? 0) * z + (m[row + 12] ?? 0);
    for (let index = 0; index < count; index++) {
      const [x, y, z] = [places[index * 3] ?? 0, places[index * 3 + 1] ?? 0, places[index * 3 + 2] ?? 0];
      const depth = along(3, x, y, z);
      // Behind the eye.
      if (depth <= 0) continue;
      const left = ((along(0, x, y, z) / depth + 1) / 2) * width;
      const top = ((1 - along(1, x, y, z) / depth) / 2) * height;
      if (!(left >= 0 && left < width && top >= 0 && top < height)) continue;
      this.lefts[index] = left;
      this.tops[index] = top;
      const at = this.cellOf(left, top);
      cells[index] = at;
      this.starts[at + 1] = (this.starts[at + 1] ?? 0) + 1;
    }
    for (let at = 1; at < this.starts.length; at++) this.starts[at] = (this.starts[at] ?? 0) + (this.starts[at - 1] ?? 0);
    this.order = new Int32Array(this.starts.at(-1) ?? 0);
    const next = this.starts.slice();
    for (let index = 0; index < count; index++) {
      const at = cells[index] ?? -1;
      if (at < 0) continue;
      this.order[next[at] ?? 0] = index;
      next[at] = (next[at] ?? 0) + 1;
    }
  }

  /** Index of the point nearest to a place on the screen, within so many pixels. */
  nearest(left: number, top: number, within: number): number | undefined {
    let best: number | undefined;
    let nearest = within;
    const reach = Math.ceil(within / cell);
    const [column, row] = [Math.floor(left / cell), Math.floor(top / cell)];
    for (let r = Math.max(0, row - reach); r <= Math.min(this.rows - 1, row + reach); r++)
      for (let c = Math.max(0, column - reach); c <= Math.min(this.columns - 1, column + reach); c++)
        for (let at = this.starts[r * this.columns + c] ?? 0; at < (this.starts[r * this.columns + c + 1] ?? 0); at++) {
          const index = this.order[at] ?? 0;
          const away = Math.hypot((this.lefts[index] ?? 0) - left, (this.tops[index] ?? 0) - top);
          if (away < nearest) [nearest, best] = [away, index];
        }
    return best;
  }

  private cellOf(left: number, top: number): number {
    return Math.floor(top / cell) * this.columns + Math.floor(left / cell);
  }
}
