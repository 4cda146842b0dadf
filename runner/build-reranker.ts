import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../shared/limits.ts';
import { httpReranker } from './adapters/reranking/http-reranker.ts';
import { cohereRerank, jinaRerank, type RerankApi, teiRerank } from './adapters/reranking/rerank-apis.ts';
import type { Reranker } from './ports/reranker.ts';
import type { RerankerEnvironment } from './reranker-environment.ts';

type Kind = Exclude<RerankerEnvironment['NEXUS_RERANKER'], 'none'>;

const apis: Record<Kind, (env: RerankerEnvironment) => RerankApi> = {
  cohere: (env) => cohereRerank(env.NEXUS_RERANKER_URL ?? 'https://api.cohere.com', env.NEXUS_RERANKER_MODEL ?? ''),
  jina: (env) => jinaRerank(env.NEXUS_RERANKER_URL ?? 'https://api.jina.ai', env.NEXUS_RERANKER_MODEL ?? ''),
  tei: (env) => teiRerank(env.NEXUS_RERANKER_URL ?? ''),
};
/** TEI takes 32 texts a request unless it is told otherwise; the others take more than a window has. */
const batches: Record<Kind, number> = { cohere: limits.rerankTopN, jina: limits.rerankTopN, tei: 32 };

/** The reranker that the environment asks for, if any. */
export const buildReranker = (env: RerankerEnvironment): Reranker | undefined => {
  const kind = env.NEXUS_RERANKER;
  if (kind === 'none') return undefined;
  const key = env.NEXUS_RERANKER_KEY;
  return httpReranker(
    apis[kind](env),
    {
      model: env.NEXUS_RERANKER_MODEL === undefined ? kind : `${kind}/${env.NEXUS_RERANKER_MODEL}`,
      batchInputs: env.NEXUS_RERANKER_BATCH_INPUTS ?? batches[kind],
      retry: limits.rerankRetry,
    },
    {
      ...{ name: `${kind} (reranker)`, fetch, random: Math.random, timeoutMs: env.NEXUS_RERANKER_DEADLINE_MS },
      headers: () => (key === undefined ? {} : { authorization: `Bearer ${key}` }),
      sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted()),
    },
  );
};
