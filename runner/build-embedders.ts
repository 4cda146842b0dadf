import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../shared/limits.ts';
import type { RetryPolicy } from '../shared/retry.ts';
import { cohereApi } from './adapters/embedding/cohere-api.ts';
import type { EmbeddingApi } from './adapters/embedding/embedding-api.ts';
import { type HttpEmbedderDeps, httpEmbedder } from './adapters/embedding/http-embedder.ts';
import { onnxEmbedder } from './adapters/embedding/onnx-embedder.ts';
import { openaiApi } from './adapters/embedding/openai-api.ts';
import type { BatchLimits } from './adapters/embedding/pack.ts';
import type { Patience, PatientOptions } from './adapters/embedding/patient-embedder.ts';
import { googleHeaders, vertexApi } from './adapters/embedding/vertex-api.ts';
import { workersAiApi } from './adapters/embedding/workers-ai-api.ts';
import { hashingEmbedder } from './adapters/hashing-embedder.ts';
import type { EmbedderEnvironment } from './embedder-environment.ts';
import { type Embedder, type Embedders, embeddersOf } from './ports/embedder.ts';

type Kind = Exclude<EmbedderEnvironment['NEXUS_EMBEDDER'], 'hashing' | 'onnx'>;
type Model = NonNullable<EmbedderEnvironment['NEXUS_EMBEDDER_MODEL']>[number];

/** Below what the services state (see docs/operations.md): tokens are estimated, and servers of one's own take 32 inputs. */
const batches: Record<Kind | 'onnx', BatchLimits> = {
  openai: { inputs: 32, tokens: 100_000 },
  vertex: { inputs: 100, tokens: 12_000 },
  cohere: { inputs: 96, tokens: 100_000 },
  'workers-ai': { inputs: 100, tokens: 40_000 },
  // A query waits for the batch before it: a second or so of two cores.
  onnx: { inputs: 16, tokens: 4_000 },
};
const defaultConcurrency = 8;

/** Vertex' Gemini models take one text a request. */
const batchOf = (kind: Kind, { name }: Model): BatchLimits => (name.startsWith('gemini-') ? { ...batches.vertex, inputs: 1 } : batches[kind]);

/** Models that are known to offer several dimensions. */
const offersDimensions = /^(text-embedding-3-|gemini-embedding-|embed-v4|text-embedding-005|text-multilingual-embedding-002)/;

const askedDimension = (env: EmbedderEnvironment, { name, dimension }: Model): number | undefined => {
  const asks = env.NEXUS_EMBEDDER_ASK_DIMENSION === undefined ? offersDimensions.test(name) : env.NEXUS_EMBEDDER_ASK_DIMENSION === 'true';
  return asks ? dimension : undefined;
};

const apiOf = (kind: Kind, env: EmbedderEnvironment, model: Model): EmbeddingApi => {
  const dimensions = askedDimension(env, model);
  const location = env.NEXUS_EMBEDDER_LOCATION ?? '';
  const baseUrl = (standard: string): string => env.NEXUS_EMBEDDER_URL ?? standard;
  switch (kind) {
    case 'openai':
      return openaiApi({ baseUrl: baseUrl('https://api.openai.com/v1'), model: model.name, dimensions });
    case 'cohere':
      return cohereApi({ baseUrl: baseUrl('https://api.cohere.com'), model: model.name, dimensions });
    case 'workers-ai':
      return workersAiApi({ baseUrl: baseUrl('https://api.cloudflare.com/client/v4'), account: env.NEXUS_EMBEDDER_ACCOUNT ?? '', model: model.name });
    case 'vertex': {
      const host = location === 'global' ? 'aiplatform.googleapis.com' : `${location}-aiplatform.googleapis.com`;
      return vertexApi({ baseUrl: baseUrl(`https://${host}`), project: env.NEXUS_EMBEDDER_PROJECT ?? '', location, model: model.name, dimensions });
    }
  }
};

/** A given key counts also for Vertex: a token of an emulator, or of a gateway before it. */
const headersOf = (kind: Kind, { NEXUS_EMBEDDER_KEY: key }: EmbedderEnvironment): HttpEmbedderDeps['headers'] => {
  if (kind === 'vertex' && key === undefined) return googleHeaders();
  return () => (key === undefined ? {} : { authorization: `Bearer ${key}` });
};

const optionsOf = (env: EmbedderEnvironment, batch: BatchLimits, retry: RetryPolicy): Omit<PatientOptions, 'model' | 'dimension' | 'concurrency'> => ({
  fusionWeight: env.NEXUS_EMBEDDER_FUSION_WEIGHT,
  batch: { inputs: env.NEXUS_EMBEDDER_BATCH_INPUTS ?? batch.inputs, tokens: env.NEXUS_EMBEDDER_BATCH_TOKENS ?? batch.tokens },
  prefixes: { document: env.NEXUS_EMBEDDER_DOCUMENT_PREFIX, query: env.NEXUS_EMBEDDER_QUERY_PREFIX },
  retry,
});

const patience: Omit<Patience, 'name'> = {
  random: Math.random,
  sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => signal?.throwIfAborted()),
};

const httpEmbedderOf = (kind: Kind, env: EmbedderEnvironment, model: Model, deps: Pick<HttpEmbedderDeps, 'headers' | 'fetch'>, retry: RetryPolicy): Embedder =>
  httpEmbedder(
    apiOf(kind, env, model),
    {
      ...optionsOf(env, batchOf(kind, model), retry),
      ...{ model: `${kind}/${model.name}@${model.dimension}`, dimension: model.dimension },
      concurrency: env.NEXUS_EMBEDDER_CONCURRENCY ?? defaultConcurrency,
    },
    { name: kind, ...deps, ...patience, timeoutMs: env.NEXUS_EMBEDDER_TIMEOUT_MS },
  );

/** What a model of one's own cannot do, it cannot do a moment later; one that has ended may do it after a new start. */
const onnxTries = 2;

const onnxEmbedderOf = (env: EmbedderEnvironment, retry: RetryPolicy): Promise<Embedder> =>
  onnxEmbedder(
    {
      ...{ model: env.NEXUS_ONNX_MODEL ?? '', pooling: env.NEXUS_ONNX_POOLING },
      ...{ dtype: env.NEXUS_ONNX_DTYPE, packages: env.NEXUS_ONNX_PACKAGES },
    },
    optionsOf(env, batches.onnx, { ...retry, attempts: onnxTries }),
    patience,
  );

/**
 * The embedders that the environment asks for, and always the embedded one: spaces that began with it stay readable.
 * @throws Error when a model of this machine cannot be loaded, which tells the operator what to do
 */
export const buildEmbedders = async (env: EmbedderEnvironment, tries: Partial<RetryPolicy> = {}, fetching: typeof fetch = fetch): Promise<Embedders> => {
  const kind = env.NEXUS_EMBEDDER;
  const retry = { ...limits.vendorRetry, ...tries };
  if (kind === 'hashing') return embeddersOf(hashingEmbedder());
  if (kind === 'onnx') return embeddersOf(await onnxEmbedderOf(env, retry), hashingEmbedder());
  const deps = { headers: headersOf(kind, env), fetch: fetching };
  const [standard, ...others] = (env.NEXUS_EMBEDDER_MODEL ?? []).map((model) => httpEmbedderOf(kind, env, model, deps, retry));
  return embeddersOf(standard ?? hashingEmbedder(), ...others, hashingEmbedder());
};
