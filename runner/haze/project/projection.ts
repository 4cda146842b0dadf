import { type Axes, alongAxes, principalAxes } from './axes.ts';
import { clusterCentres, clusterOf } from './clusters.ts';
import { clusterTerms } from './labels.ts';
import { layOut } from './layout.ts';
import { nearest } from './neighbours.ts';
import { seededRandom } from './random.ts';
import { countOf, normalise, type Rows, rowAt } from './rows.ts';

/** Principal axes kept: what neighbourhoods are judged by after. */
const keptAxes = 24;
/** A point is placed among so many landmarks. */
const anchors = 3;
const seed = 20_260_101;

export interface Fitted {
  method: string;
  explained: number;
  /** Telling words of each cluster. */
  terms: string[][];
}

export interface Placed {
  /** x, y, z of each row. */
  places: Float32Array;
  clusters: Int32Array;
}

export interface Projection {
  fitted: Fitted;
  place(vectors: Rows): Placed;
}

/**
 * Learns a map from landmarks: principal axes, a layout in three dimensions, clusters and their words. Other vectors are
 * then placed among them, each by itself, so that a space of any size is mapped in the memory of its landmarks.
 * @param landmarks in an order that depends on the rows alone; changed in place
 * @param isCosine whether only directions count
 */
export const fitProjection = (landmarks: Rows, texts: readonly string[], isCosine: boolean): Projection => {
  const random = seededRandom(seed);
  if (isCosine) normalise(landmarks);
  const axes: Axes = principalAxes(landmarks, Math.min(keptAxes, landmarks.width), random);
  const reduced = alongAxes(axes, landmarks);
  const { method, places } = layOut(reduced, random);
  const centres = clusterCentres(reduced);
  const clusters = Array.from({ length: countOf(reduced) }, (_, index) => clusterOf(rowAt(reduced, index), centres));
  const terms = clusterTerms(texts, clusters, countOf(centres));

  /** The mean of the nearest landmarks' places, weighted by nearness; a landmark's own place is its place. */
  const placeOne = (row: Float32Array, into: Float32Array): void => {
    const { indices, distances } = nearest(row, reduced, anchors);
    if ((distances[0] ?? 0) === 0) {
      into.set(rowAt(places, indices[0] ?? 0));
      return;
    }
    const weights = distances.map((distance) => 1 / distance);
    const sum = weights.reduce((whole, weight) => whole + weight, 0);
    into.fill(0);
    indices.forEach((index, at) => {
      for (let axis = 0; axis < 3; axis++) into[axis] = (into[axis] ?? 0) + ((weights[at] ?? 0) / sum) * (places.values[index * 3 + axis] ?? 0);
    });
  };

  return {
    fitted: { method, explained: axes.explained, terms },
    place(vectors) {
      if (isCosine) normalise(vectors);
      const rows = alongAxes(axes, vectors);
      const count = countOf(rows);
      const placed: Placed = { places: new Float32Array(count * 3), clusters: new Int32Array(count) };
      for (let index = 0; index < count; index++) {
        placeOne(rowAt(rows, index), placed.places.subarray(index * 3, index * 3 + 3));
        placed.clusters[index] = clusterOf(rowAt(rows, index), centres);
      }
      return placed;
    },
  };
};
