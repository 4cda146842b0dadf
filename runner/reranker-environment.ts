import { z } from 'zod';
import { limits } from '../shared/limits.ts';
import { serviceUrl } from './embedder-environment.ts';

/** Which reranker, and its own variables. */
export const rerankerVariables = {
  NEXUS_RERANKER: z.enum(['none', 'cohere', 'jina', 'tei']).default('none'),
  NEXUS_RERANKER_MODEL: z.string().min(1).optional(),
  NEXUS_RERANKER_URL: serviceUrl.optional(),
  NEXUS_RERANKER_KEY: z.string().min(1).optional(),
  /** Later than this, a query is answered in its fused order. */
  NEXUS_RERANKER_DEADLINE_MS: z.coerce.number<string>().int().min(1).max(limits.forwardTimeoutMs).default(limits.rerankDeadlineMs),
  NEXUS_RERANKER_BATCH_INPUTS: z.coerce.number<string>().int().min(1).optional(),
};
const variablesSchema = z.object(rerankerVariables);
export type RerankerEnvironment = z.infer<typeof variablesSchema>;

/** What one variable cannot tell by itself. */
export const checkReranker = (env: RerankerEnvironment, wrong: (name: string, message: string) => void): void => {
  const kind = env.NEXUS_RERANKER;
  const needs = (name: keyof RerankerEnvironment): void => {
    if (env[name] === undefined) wrong(name, `is needed by NEXUS_RERANKER=${kind}`);
  };
  if (kind === 'cohere' || kind === 'jina') {
    needs('NEXUS_RERANKER_MODEL');
    // A server of one's own that speaks like them may need no key.
    if (env.NEXUS_RERANKER_URL === undefined) needs('NEXUS_RERANKER_KEY');
  }
  if (kind === 'tei') needs('NEXUS_RERANKER_URL');
  if (kind === 'none' && env.NEXUS_RERANKER_URL !== undefined) wrong('NEXUS_RERANKER_URL', 'says nothing without NEXUS_RERANKER');
};
