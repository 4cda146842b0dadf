import { Index } from '@lancedb/lancedb';
import type { Metric } from '../../../shared/http/spaces.ts';

/** Below this an exact search is fast enough, and finds everything. */
export const vectorIndexRows = 30_000;

/**
 * Partitions searched for every query: of 100,000 × 384 clustered vectors a fifth, with recall@10 of 0.99 and more
 * (figures: docs/decisions/0009-vector-index.md).
 */
export const partitionsSearched = 64;

/**
 * Partitions with the vectors as they are: built in seconds, with distances that are exact and the same as those of rows
 * that are not indexed yet. Index objects are single-use.
 */
export const vectorIndexFor = (metric: Metric, rows: number): Index =>
  Index.ivfFlat({ distanceType: metric, numPartitions: Math.max(1, Math.ceil(Math.sqrt(rows))) });
