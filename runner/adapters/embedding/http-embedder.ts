import type { Embedder } from '../../ports/embedder.ts';
import { postJson, type ServiceAccess } from '../inference/post-json.ts';
import { ServiceError } from '../inference/service-error.ts';
import type { EmbeddingApi } from './embedding-api.ts';
import { type Ask, type Patience, type PatientOptions, patientEmbedder } from './patient-embedder.ts';

export type HttpEmbedderDeps = ServiceAccess & Patience;

/** A model behind HTTP. */
export const httpEmbedder = (api: EmbeddingApi, options: PatientOptions, deps: HttpEmbedderDeps): Embedder => {
  const ask: Ask = async (texts, use, signal) => {
    const answer = await postJson(deps, api.url, api.bodyOf(texts, use), signal);
    try {
      return api.vectorsOf(answer);
    } catch {
      throw new ServiceError(deps.name, 'unreadable');
    }
  };
  return patientEmbedder(ask, options, deps);
};
