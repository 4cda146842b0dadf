import type { RawVector } from './unit-vectors.ts';

/** Models that care are told whether a text is looked for or looks. */
export type Use = 'document' | 'query';

/** A vendor's protocol: what a request says and what an answer means. */
export interface EmbeddingApi {
  url: string;
  bodyOf(texts: readonly string[], use: Use): unknown;
  /**
   * The vectors of an answer, in the order of the texts.
   * @throws whatever, when the answer is not understood
   */
  vectorsOf(answer: unknown): readonly RawVector[];
}
