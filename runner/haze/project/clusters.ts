import { kmeans } from 'ml-kmeans';
import { nearest } from './neighbours.ts';
import { partitions } from './partition.ts';
import { countOf, type Rows, rowAt } from './rows.ts';

/** More groups than this nobody tells apart, by colour or by name. */
const mostClusters = 24;
/** Fewer say too little of what there is. */
const fewestClusters = 3;
/** Axes by which rows are grouped. The later ones are mostly noise, and make each run another. */
const groupingAxes = 12;
/** Few: they settle the borders; many wander off to another optimum at each change of the rows. */
const iterations = 10;
/** Fewer groups than there may be are taken when they are so much clearer: a factor. */
const clearer = 1.25;

const asRows = (points: readonly (readonly number[])[], width: number): Rows => ({ values: Float32Array.from(points.flat()), width });

const firstAxes = (rows: Rows, width: number): Rows => {
  const values = new Float32Array(countOf(rows) * width);
  for (let index = 0; index < countOf(rows); index++) values.set(rowAt(rows, index).subarray(0, width), index * width);
  return { values, width };
};

/** How clearly rows belong to their group, 0 to 1: the simplified silhouette (Hruschka, Campello and de Castro 2006). */
const clarity = (rows: Rows, centres: Rows): number => {
  let sum = 0;
  for (let index = 0; index < countOf(rows); index++) {
    const [own = 0, next = 0] = nearest(rowAt(rows, index), centres, 2).distances;
    sum += next === 0 ? 0 : (next - own) / next;
  }
  return sum / countOf(rows);
};

/**
 * Centres of groups of rows: k-means from starts that are computed, not drawn. As many groups as are clear in the data, else
 * √(n/2).
 * @returns in the first axes of the rows
 */
export const clusterCentres = (rows: Rows): Rows => {
  const seen = firstAxes(rows, Math.min(groupingAxes, rows.width));
  const count = countOf(seen);
  const data = Array.from({ length: count }, (_, index) => Array.from(rowAt(seen, index)));
  const most = Math.max(1, Math.min(mostClusters, Math.round(Math.sqrt(count / 2))));
  const starts = partitions(seen, most).filter((means, _, { length }) => means.length >= Math.min(fewestClusters, length));
  const candidates = starts.map((initialization) => {
    const { centroids } = kmeans(data, initialization.length, { initialization, maxIterations: iterations });
    const centres = asRows(centroids, seen.width);
    return { centres, clarity: clarity(seen, centres) };
  });
  const finest = candidates.at(-1);
  if (finest === undefined) throw new Error('a partition has at least one part');
  const clearest = candidates.reduce((best, candidate) => (candidate.clarity > best.clarity ? candidate : best));
  return clearest.clarity > finest.clarity * clearer ? clearest.centres : finest.centres;
};

export const clusterOf = (row: Float32Array, centres: Rows): number => nearest(row, centres, 1).indices[0] ?? 0;
