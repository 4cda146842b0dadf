import { z } from 'zod';
import type { EmbeddingApi, Use } from './embedding-api.ts';

export interface CohereOptions {
  baseUrl: string;
  model: string;
  /** Of models that offer several. */
  dimensions?: number | undefined;
}

const inputTypes: Record<Use, string> = { document: 'search_document', query: 'search_query' };
const answerSchema = z.object({ embeddings: z.object({ float: z.array(z.array(z.unknown())) }) });

/** Cohere's `POST /v2/embed`. */
export const cohereApi = ({ baseUrl, model, dimensions }: CohereOptions): EmbeddingApi => ({
  url: `${baseUrl}/v2/embed`,
  bodyOf: (texts, use) => ({
    ...{ model, texts, input_type: inputTypes[use], embedding_types: ['float'], truncate: 'END' },
    ...(dimensions === undefined ? {} : { output_dimension: dimensions }),
  }),
  vectorsOf: (answer) => answerSchema.parse(answer).embeddings.float,
});
