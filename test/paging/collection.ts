import type { Random } from './random.ts';

/** Words that no stemmer changes and no stop list holds: what a text search must find can be told by looking. */
export const words = ['kilo', 'lima', 'oscar', 'papa', 'quebec', 'romeo', 'sierra', 'tango', 'victor', 'zulu', 'bravo', 'delta', 'foxtrot', 'hotel', 'echo'];
/** Whole numbers of few values in few dimensions: distances are exact and often equal. */
export const dimension = 4;
const values = 4;

export const anyVector = (random: Random): number[] => Array.from({ length: dimension }, () => random.whole(1, values));
export const anyText = (random: Random, from: number, to: number): string => Array.from({ length: random.whole(from, to) }, () => random.pick(words)).join(' ');

/** How a space is fed: `given` brings vectors (one chunk a document), `embedded` brings texts of several chunks. */
export type Feed = 'given' | 'embedded';

export const documentOf = (random: Random, feed: Feed, id: string) => ({
  id,
  text: feed === 'given' ? anyText(random, 1, 8) : anyText(random, 4, 40),
  ...(feed === 'given' ? { vector: anyVector(random) } : {}),
  metadata: { bucket: random.whole(0, 19), color: random.pick(['red', 'green', 'blue']), ...(random.chance(0.5) ? { rare: true } : {}) },
});

export const ingestBody = (random: Random, feed: Feed, ids: readonly string[], scope: 'tenant' | 'global') => ({
  scope,
  documents: ids.map((id) => documentOf(random, feed, id)),
  ...(feed === 'given' ? {} : { chunking: { strategy: 'recursive', max_tokens: 16, overlap_tokens: 0 } }),
});

export interface FilterCase {
  filter: Record<string, unknown>;
  holds: (metadata: Record<string, unknown>) => boolean;
}

export const filterCases: readonly FilterCase[] = [
  { filter: { bucket: { lt: 10 } }, holds: ({ bucket }) => Number(bucket) < 10 },
  { filter: { not: { color: 'red' } }, holds: ({ color }) => color !== 'red' },
  { filter: { and: [{ rare: { exists: false } }, { color: { in: ['blue', 'red'] } }] }, holds: ({ rare, color }) => rare === undefined && color !== 'green' },
  { filter: { bucket: 3 }, holds: ({ bucket }) => bucket === 3 },
];
