import { UMAP } from 'umap-js';
import { nearest } from './neighbours.ts';
import { countOf, type Rows, rowAt } from './rows.ts';

/** UMAP's own default: local enough to keep neighbours, wide enough to show groups. */
const neighbours = 15;
/** Below this a neighbourhood is the whole cloud, and the principal axes show it better. */
const umapFrom = 32;
const epochs = 300;

export interface Layout {
  method: 'pca' | 'pca+umap';
  /** x, y, z of each row, within -1 and 1. */
  places: Rows;
}

const firstThree = (rows: Rows): Rows => {
  const values = new Float32Array(countOf(rows) * 3);
  for (let index = 0; index < countOf(rows); index++) values.set(rowAt(rows, index).subarray(0, 3), index * 3);
  return { values, width: 3 };
};

/** Centred, and scaled alike in all directions so that the farthest point lies on the unit sphere. */
const fitted = (places: Rows): Rows => {
  const count = countOf(places);
  const centre = [0, 1, 2].map((axis) => {
    let sum = 0;
    for (let index = 0; index < count; index++) sum += places.values[index * 3 + axis] ?? 0;
    return sum / count;
  });
  const values = places.values.map((value, at) => value - (centre[at % 3] ?? 0));
  let farthest = 0;
  for (let index = 0; index < count; index++) farthest = Math.max(farthest, Math.hypot(...values.subarray(index * 3, index * 3 + 3)));
  return { values: farthest === 0 ? values : values.map((value) => value / farthest), width: 3 };
};

/** Begins at the principal axes instead of at random: the coarse shape is the data's, and near data give near pictures. */
const umap = (rows: Rows, start: Rows, random: () => number): Rows => {
  const found = Array.from({ length: countOf(rows) }, (_, index) => nearest(rowAt(rows, index), rows, neighbours));
  const layout = new UMAP({ nComponents: 3, nNeighbors: neighbours, nEpochs: epochs, minDist: 0.1, random });
  layout.setPrecomputedKNN(
    found.map(({ indices }) => indices),
    found.map(({ distances }) => distances),
  );
  layout.initializeFit(Array.from({ length: countOf(rows) }, (_, index) => Array.from(rowAt(rows, index))));
  layout.getEmbedding().forEach((place, index) => {
    for (let axis = 0; axis < 3; axis++) place[axis] = 10 * (start.values[index * 3 + axis] ?? 0) + 0.01 * (random() - 0.5);
  });
  for (let epoch = 0; epoch < epochs; epoch++) layout.step();
  return { values: Float32Array.from(layout.getEmbedding().flat()), width: 3 };
};

/** Rows along their principal axes → places in three dimensions. */
export const layOut = (rows: Rows, random: () => number): Layout => {
  const start = fitted(firstThree(rows));
  return countOf(rows) < umapFrom ? { method: 'pca', places: start } : { method: 'pca+umap', places: fitted(umap(rows, start, random)) };
};
