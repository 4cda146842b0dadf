import { GoogleAuth } from 'google-auth-library';
import { z } from 'zod';
import type { EmbeddingApi, Use } from './embedding-api.ts';

export interface VertexOptions {
  /** `https://{location}-aiplatform.googleapis.com` but for private endpoints. */
  baseUrl: string;
  project: string;
  location: string;
  model: string;
  /** Of models that offer several. */
  dimensions?: number | undefined;
}

const taskTypes: Record<Use, string> = { document: 'RETRIEVAL_DOCUMENT', query: 'RETRIEVAL_QUERY' };
const answerSchema = z.object({ predictions: z.array(z.object({ embeddings: z.object({ values: z.array(z.unknown()) }) })) });

/** Text embeddings of Vertex AI: `publishers/google/models/{model}:predict`. */
export const vertexApi = ({ baseUrl, project, location, model, dimensions }: VertexOptions): EmbeddingApi => ({
  url: `${baseUrl}/v1/projects/${project}/locations/${location}/publishers/google/models/${model}:predict`,
  bodyOf: (texts, use) => ({
    instances: texts.map((content) => ({ content, task_type: taskTypes[use] })),
    parameters: { autoTruncate: true, ...(dimensions === undefined ? {} : { outputDimensionality: dimensions }) },
  }),
  vectorsOf: (answer) => answerSchema.parse(answer).predictions.map(({ embeddings }) => embeddings.values),
});

/** Access tokens of the process's own service account: of the metadata server, or of `GOOGLE_APPLICATION_CREDENTIALS`. */
export const googleHeaders = (): (() => Promise<Record<string, string>>) => {
  const auth = new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' });
  return async () => ({ authorization: `Bearer ${await auth.getAccessToken()}` });
};
