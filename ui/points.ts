import type { Table } from 'apache-arrow';
import type { HazePoint } from '../shared/http/haze.ts';

/** One page's columns. Texts stay in the page's bytes, and become strings when somebody looks at their point. */
interface Page {
  from: number;
  table: Table;
}

const texts = ['id', 'doc_id', 'type', 'source_scope', 'title', 'snippet'] as const;
const numbers = ['chunk', 'x', 'y', 'z', 'cluster', 'density'] as const;

/** Points of a map by their index, a fair sample first. Never changed: another page makes another one. */
export class PointSet {
  static readonly none = new PointSet([], new Float32Array());
  private readonly pages: readonly Page[];
  /** x, y, z of each. */
  readonly places: Float32Array;

  private constructor(pages: readonly Page[], places: Float32Array) {
    this.pages = pages;
    this.places = places;
  }

  get count(): number {
    return this.places.length / 3;
  }

  /** These and a further page's. */
  with(table: Table): PointSet {
    const places = new Float32Array(this.places.length + table.numRows * 3);
    places.set(this.places);
    const axes = (['x', 'y', 'z'] as const).map((name) => table.getChild(name)?.toArray() as Float32Array | undefined);
    for (let row = 0; row < table.numRows; row++) for (let axis = 0; axis < 3; axis++) places[this.places.length + row * 3 + axis] = axes[axis]?.[row] ?? 0;
    return new PointSet([...this.pages, { from: this.count, table }], places);
  }

  at(index: number): HazePoint {
    const page = this.pages.findLast(({ from }) => from <= index);
    if (page === undefined) throw new RangeError(`there is no point ${index}`);
    const read = (name: string) => page.table.getChild(name)?.get(index - page.from);
    return {
      ...(Object.fromEntries(texts.map((name) => [name, String(read(name))])) as Pick<HazePoint, (typeof texts)[number]>),
      ...(Object.fromEntries(numbers.map((name) => [name, Number(read(name))])) as Pick<HazePoint, (typeof numbers)[number]>),
      ...(page.table.getChild('value') === null ? {} : { value: read('value') }),
    };
  }

  /** Some columns of every point, in order. */
  *columns<Name extends keyof HazePoint>(...names: Name[]): Generator<{ [N in Name]: HazePoint[N] }> {
    for (const { table } of this.pages) {
      const vectors = names.map((name) => [name, table.getChild(name)] as const);
      for (let row = 0; row < table.numRows; row++)
        yield Object.fromEntries(vectors.map(([name, vector]) => [name, vector?.get(row)])) as { [N in Name]: HazePoint[N] };
    }
  }
}
