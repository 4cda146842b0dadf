import { orderOf } from '../../runner/haze/order.ts';
import { nearest } from '../../runner/haze/project/neighbours.ts';
import { fitProjection } from '../../runner/haze/project/projection.ts';
import { normalise, type Rows, rowAt } from '../../runner/haze/project/rows.ts';
import { limits } from '../../shared/limits.ts';

export interface Row {
  id: string;
  vector: Float32Array;
  text: string;
}

/** A map's arithmetic, as a snapshot uses it, without a store. In sampling order. */
export interface Drawn {
  ids: string[];
  vectors: Rows;
  places: Float32Array;
  clusters: Int32Array;
  terms: string[][];
}

const vectorsOf = (rows: readonly Row[]): Rows => {
  const width = rows[0]?.vector.length ?? 0;
  const values = new Float32Array(rows.length * width);
  rows.forEach(({ vector }, at) => {
    values.set(vector, at * width);
  });
  return { values, width };
};

export const drawn = (rows: readonly Row[]): Drawn => {
  const ordered = rows.toSorted((a, b) => orderOf(a.id) - orderOf(b.id) || (a.id < b.id ? -1 : 1));
  const landmarks = ordered.slice(0, limits.hazeLandmarks);
  const projection = fitProjection(
    vectorsOf(landmarks),
    landmarks.map(({ text }) => text),
    true,
  );
  const { places, clusters } = projection.place(vectorsOf(ordered));
  return { ids: ordered.map(({ id }) => id), vectors: vectorsOf(ordered), places, clusters, terms: projection.fitted.terms };
};

const asked = 300;
const nearOnMap = 10;
const nearByVector = 50;

/**
 * Of the 10 nearest on the map, the share that is among the 50 nearest by cosine, over some of the passages; and what it would
 * be by chance.
 */
export const neighbourhoods = (rows: readonly Row[], { vectors, places }: Drawn): { share: number; chance: number } => {
  const directions: Rows = { ...vectors, values: vectors.values.slice() };
  normalise(directions);
  const placed: Rows = { values: places, width: 3 };
  const step = Math.max(1, Math.floor(rows.length / asked));
  let [found, looked] = [0, 0];
  for (let index = 0; index < rows.length; index += step) {
    const near = (among: Rows, count: number): number[] =>
      nearest(rowAt(among, index), among, count + 1)
        .indices.filter((other) => other !== index)
        .slice(0, count);
    const alike = new Set(near(directions, nearByVector));
    found += near(placed, nearOnMap).filter((other) => alike.has(other)).length;
    looked += nearOnMap;
  }
  return { share: found / looked, chance: nearByVector / (rows.length - 1) };
};

/** How alike two groupings of the same things are: 1 the same, 0 as by chance (Hubert and Arabie 1985). */
export const adjustedRandIndex = (one: readonly number[], other: readonly number[]): number => {
  const count = (keys: readonly string[]): number => {
    const sizes = new Map<string, number>();
    for (const key of keys) sizes.set(key, (sizes.get(key) ?? 0) + 1);
    return [...sizes.values()].reduce((sum, size) => sum + (size * (size - 1)) / 2, 0);
  };
  const together = count(one.map((group, at) => `${group} ${other[at]}`));
  const [inOne, inOther] = [count(one.map(String)), count(other.map(String))];
  const byChance = (inOne * inOther) / ((one.length * (one.length - 1)) / 2);
  return (together - byChance) / ((inOne + inOther) / 2 - byChance);
};
