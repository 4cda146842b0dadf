import { setImmediate as breathe } from 'node:timers/promises';
import type { Embedder } from '../ports/embedder.ts';

const dimension = 384;
const wordWeight = 1;
const gramWeight = 0.35;
const gramLengths = [3, 4] as const;
/** A few milliseconds of work, after which others have their turn. */
const textsPerTurn = 16;

/** FNV-1a with a final mix, 32 bits: one hash gives the place and, by its top bit, the sign. */
const hash = (text: string): number => {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
};

const add = (counts: Map<string, number>, feature: string, weight: number): void => {
  counts.set(feature, (counts.get(feature) ?? 0) + weight);
};

const features = (text: string): Map<string, number> => {
  const counts = new Map<string, number>();
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  for (const word of words) {
    add(counts, `w ${word}`, wordWeight);
    const padded = `<${word}>`;
    for (const length of gramLengths) {
      for (let i = 0; i + length <= padded.length; i++) add(counts, `g ${padded.slice(i, i + length)}`, gramWeight);
    }
  }
  // Text without a letter or digit still gets a direction: its characters.
  if (counts.size === 0) for (const char of text === '' ? ' ' : text) add(counts, `c ${char}`, 1);
  return counts;
};

const embed = (text: string): Float32Array => {
  const vector = new Float32Array(dimension);
  for (const [feature, count] of features(text)) {
    const value = hash(feature);
    const place = value % dimension;
    const weight = 1 + Math.log(1 + count);
    vector[place] = (vector[place] ?? 0) + (value >>> 31 === 0 ? weight : -weight);
  }
  let square = 0;
  for (const x of vector) square += x * x;
  // Signs can cancel to nothing; a fixed direction keeps the row findable.
  if (square === 0) {
    vector[0] = 1;
    square = 1;
  }
  const norm = Math.sqrt(square);
  return vector.map((x) => x / norm);
};

/**
 * Feature hashing (Weinberger et al. 2009) of words and character n-grams. Deterministic, needs no model, and honest
 * about what it is: lexical. It finds spelling variants, not meanings; BM25 carries hybrid search beside it.
 */
export const hashingEmbedder = (): Embedder => ({
  model: `hashing/words-and-ngrams-v1@${dimension}`,
  dimension,
  fusionWeight: 0.02,
  async embedDocuments(texts) {
    const vectors: Float32Array[] = [];
    for (const [index, text] of texts.entries()) {
      if (index % textsPerTurn === 0) await breathe();
      vectors.push(embed(text));
    }
    return vectors;
  },
  embedQuery: async (text) => embed(text),
});
