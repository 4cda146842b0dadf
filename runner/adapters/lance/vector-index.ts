import { Index } from '@lancedb/lancedb';
import type { Metric } from '../../../shared/http/spaces.ts';

/** Below this a search of all rows is as fast as one of an index, and a first query waits for fewer requests. */
export const vectorIndexRows = 2_000;

/**
 * Partitions searched for every query: of 100,000 × 384 clustered vectors a fifth, with recall@10 of 0.99 and more
 * (figures: docs/decisions/0009-vector-index.md).
 */
export const partitionsSearched = 64;

/** Below this all partitions are searched: the engine keeps an index in memory, but fetches and decodes a column anew each time. */
const exactRows = 30_000;
/** Where all are searched, few are faster than many, and cost a first query fewer requests (figures: docs/decisions/0071). */
const exactPartitionRows = 4_096;

/** Partitions of an index of so many rows. */
export const partitionsOf = (rows: number): number => Math.max(1, Math.ceil(rows < exactRows ? rows / exactPartitionRows : Math.sqrt(rows)));

const namePattern = /^vector_p(\d+)$/;
/** An index says how many partitions it was built with: the engine does not. */
export const vectorIndexName = (partitions: number): string => `vector_p${partitions}`;

/** A refresh adds a part for what is new, which every query reads; so many are let be before the index is built anew. */
const partsMax = 8;

/**
 * Whether an index wants to be built anew rather than refreshed: each refresh adds a part, and compaction joins no
 * fragments of different parts. Up to some tens of thousands of rows it is built in a second.
 */
export const isInParts = (rows: number, parts: number, unindexedRows: number): boolean =>
  rows < exactRows ? parts > 1 || unindexedRows > 0 : parts > partsMax;

/** Whether a table of so many rows wants its vector index built anew: it has grown out of the one it has. */
export const hasOutgrown = (indexName: string, rows: number): boolean => partitionsOf(rows) >= 2 * Number(namePattern.exec(indexName)?.[1] ?? 0);

/**
 * Partitions with the vectors as they are: built in seconds, with distances that are exact and the same as those of rows
 * that are not indexed yet. Index objects are single-use.
 */
export const vectorIndexFor = (metric: Metric, rows: number): { config: Index; name: string } => {
  const numPartitions = partitionsOf(rows);
  return { config: Index.ivfFlat({ distanceType: metric, numPartitions }), name: vectorIndexName(numPartitions) };
};
