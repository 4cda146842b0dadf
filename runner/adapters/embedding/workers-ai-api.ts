import { z } from 'zod';
import type { EmbeddingApi } from './embedding-api.ts';

export interface WorkersAiOptions {
  baseUrl: string;
  account: string;
  /** Such as `@cf/baai/bge-m3`. */
  model: string;
}

const answerSchema = z.object({ success: z.literal(true).optional(), result: z.object({ data: z.array(z.array(z.unknown())) }) });

/** Workers AI by REST: `POST /accounts/{account}/ai/run/{model}`. */
export const workersAiApi = ({ baseUrl, account, model }: WorkersAiOptions): EmbeddingApi => ({
  url: `${baseUrl}/accounts/${account}/ai/run/${model}`,
  bodyOf: (texts) => ({ text: texts }),
  vectorsOf: (answer) => answerSchema.parse(answer).result.data,
});
