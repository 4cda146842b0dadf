import { type RetryPolicy, retrying, retryWaitMs } from '../../../shared/retry.ts';
import type { Reranker } from '../../ports/reranker.ts';
import { postJson, type ServiceAccess } from '../inference/post-json.ts';
import { mayPass, ServiceError } from '../inference/service-error.ts';
import type { RerankApi } from './rerank-apis.ts';

export interface HttpRerankerOptions {
  model: string;
  /** Texts that one request holds; more are sent side by side, for a text's score does not depend on its neighbours. */
  batchInputs: number;
  retry: RetryPolicy;
}

export interface HttpRerankerDeps extends ServiceAccess {
  /** Rejects when the signal is aborted. */
  sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
  random: () => number;
}

/** Scores in the order of the texts. @throws when one is missing, there twice, or no number */
const inOrder = (scores: readonly { index: number; score: number }[], count: number): number[] => {
  const placed = new Map(scores.map(({ index, score }) => [index, score]));
  if (scores.length !== count || placed.size !== count) throw new Error(`${scores.length} scores for ${count} texts`);
  return Array.from({ length: count }, (_, index) => {
    const score = placed.get(index);
    if (score === undefined || !Number.isFinite(score)) throw new Error(`text ${index} has no score`);
    return score;
  });
};

/** A reranking model behind HTTP. */
export const httpReranker = (api: RerankApi, { model, batchInputs, retry }: HttpRerankerOptions, deps: HttpRerankerDeps): Reranker => {
  const once = async (query: string, texts: readonly string[], signal: AbortSignal): Promise<number[]> => {
    const answer = await postJson(deps, api.url, api.bodyOf(query, texts), signal);
    try {
      return inOrder(api.scoresOf(answer), texts.length);
    } catch {
      throw new ServiceError(deps.name, 'unreadable');
    }
  };
  return {
    model,
    async score(query, texts, signal) {
      const batches = Array.from({ length: Math.ceil(texts.length / batchInputs) }, (_, at) => texts.slice(at * batchInputs, (at + 1) * batchInputs));
      const scores = await Promise.all(
        batches.map((batch) =>
          retrying(
            () => once(query, batch, signal),
            (error, attempt) => (error instanceof ServiceError && mayPass(error) ? retryWaitMs(retry, attempt, error.retryAfterMs, deps.random()) : undefined),
            (ms) => deps.sleep(ms, signal),
          ),
        ),
      );
      return scores.flat();
    },
  };
};
