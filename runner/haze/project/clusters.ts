import { kmeans } from 'ml-kmeans';
import { nearest } from './neighbours.ts';
import { countOf, type Rows, rowAt } from './rows.ts';

/** More groups than this nobody tells apart, by colour or by name. */
const mostClusters = 24;
const seed = 1;

/** Centres of groups of rows: k-means with k-means++ (Arthur and Vassilvitskii 2007), √(n/2) groups. */
export const clusterCentres = (rows: Rows): Rows => {
  const count = countOf(rows);
  const wanted = Math.max(1, Math.min(mostClusters, Math.round(Math.sqrt(count / 2))));
  const data = Array.from({ length: count }, (_, index) => Array.from(rowAt(rows, index)));
  const different = new Set(data.map((row) => row.join(' '))).size;
  const { centroids } = kmeans(data, Math.min(wanted, different), { seed, maxIterations: 50 });
  return { values: Float32Array.from(centroids.flat()), width: rows.width };
};

export const clusterOf = (row: Float32Array, centres: Rows): number => nearest(row, centres, 1).indices[0] ?? 0;
