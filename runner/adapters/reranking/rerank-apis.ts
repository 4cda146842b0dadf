import { z } from 'zod';

/** A vendor's protocol: what a request says and which text has which score by its answer. */
export interface RerankApi {
  url: string;
  bodyOf(query: string, texts: readonly string[]): unknown;
  /** @throws whatever, when the answer is not understood */
  scoresOf(answer: unknown): readonly { index: number; score: number }[];
}

const resultsSchema = z.object({ results: z.array(z.object({ index: z.number().int(), relevance_score: z.number() })) });
const scoresOfResults: RerankApi['scoresOf'] = (answer) =>
  resultsSchema.parse(answer).results.map(({ index, relevance_score }) => ({ index, score: relevance_score }));

/** Cohere's `POST /v2/rerank`. */
export const cohereRerank = (baseUrl: string, model: string): RerankApi => ({
  url: `${baseUrl}/v2/rerank`,
  bodyOf: (query, documents) => ({ model, query, documents, top_n: documents.length }),
  scoresOf: scoresOfResults,
});

/** Jina's `POST /v1/rerank`, which vLLM, Infinity and others speak too. */
export const jinaRerank = (baseUrl: string, model: string): RerankApi => ({
  url: `${baseUrl}/v1/rerank`,
  bodyOf: (query, documents) => ({ model, query, documents, top_n: documents.length, return_documents: false }),
  scoresOf: scoresOfResults,
});

const itemsSchema = z.array(z.object({ index: z.number().int(), score: z.number() }));

/** `POST /rerank` of Text Embeddings Inference, which serves one model. */
export const teiRerank = (baseUrl: string): RerankApi => ({
  url: `${baseUrl}/rerank`,
  bodyOf: (query, texts) => ({ query, texts, truncate: true, raw_scores: false }),
  scoresOf: (answer) => itemsSchema.parse(answer),
});
