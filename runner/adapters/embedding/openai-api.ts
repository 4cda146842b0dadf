import { z } from 'zod';
import type { EmbeddingApi } from './embedding-api.ts';
import type { RawVector } from './unit-vectors.ts';

export interface OpenaiOptions {
  /** Up to `/v1`. */
  baseUrl: string;
  model: string;
  /** Sent only to models that can be asked for fewer numbers: others refuse it. */
  dimensions?: number | undefined;
}

const rawVector = z.custom<RawVector>((value) => typeof value === 'string' || Array.isArray(value));
const answerSchema = z.object({ data: z.array(z.object({ index: z.number().int().optional(), embedding: rawVector })) });

/**
 * `POST /v1/embeddings` as OpenAI, Ollama, vLLM, TEI, Mistral and many others speak it. Asks for base64, a quarter of
 * the bytes of JSON numbers, and takes both. Items say their place, which need not be their order.
 */
export const openaiApi = ({ baseUrl, model, dimensions }: OpenaiOptions): EmbeddingApi => ({
  url: `${baseUrl}/embeddings`,
  bodyOf: (texts) => ({ model, input: texts, encoding_format: 'base64', ...(dimensions === undefined ? {} : { dimensions }) }),
  vectorsOf(answer) {
    const { data } = answerSchema.parse(answer);
    const placed = new Map(data.map(({ index, embedding }, at) => [index ?? at, embedding]));
    return data.map((_, index) => {
      const vector = placed.get(index);
      if (vector === undefined) throw new Error(`no item says that it is number ${index}`);
      return vector;
    });
  },
});
