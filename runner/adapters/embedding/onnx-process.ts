import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { OnnxMessage, OnnxRequest } from './onnx-messages.ts';
import { isFolder, type OnnxSettings } from './onnx-settings.ts';

/** The inside of a model's process: one batch at a time. Its first argument is its settings, as JSON. */

/** What is used of Transformers.js, which is not among the runner's own packages. */
interface Extractor {
  (texts: readonly string[], options: { pooling: OnnxSettings['pooling'] }): Promise<{ data: ArrayLike<number>; dims: number[] }>;
  tokenizer: { model_max_length: number; _tokenizerConfig: { model_max_length?: number } };
  model: { config: { max_position_embeddings?: number } };
}
interface Transformers {
  env: { version: string; allowRemoteModels: boolean };
  pipeline: (task: 'feature-extraction', model: string, options: { dtype: string; device: 'cpu'; local_files_only: boolean }) => Promise<Extractor>;
}

const say = (message: OnnxMessage): void => {
  process.send?.(message);
};
/** Its cause too: what fails to load names only there what it could not reach. */
const wordsOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
};

const settings = JSON.parse(process.argv[2] ?? '') as OnnxSettings;

/** It is not there, or only the older one that the engine may bring along for itself. */
class MissingError extends Error {}

/** The only place that loads it: it is large, and few need it. */
const loadTransformers = (): Transformers => {
  const require = createRequire(settings.packages === undefined ? import.meta.url : join(settings.packages, 'package.json'));
  let transformers: Transformers;
  try {
    transformers = require('@huggingface/transformers') as Transformers;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') throw new MissingError(wordsOf(error).split('\n')[0]);
    throw error;
  }
  const { version } = transformers.env;
  if (!version.startsWith('4.')) throw new MissingError(`version ${version} is there`);
  return transformers;
};

/** Longer texts are cut there. Many tokenizers state no limit, and a model fails on a text that is too long for it. */
const stateLimit = ({ tokenizer, model }: Extractor): void => {
  const positions = model.config.max_position_embeddings;
  if (positions !== undefined && tokenizer.model_max_length > positions) tokenizer._tokenizerConfig.model_max_length = positions;
};

const load = async (transformers: Transformers): Promise<Extractor> => {
  const local = isFolder(settings.model);
  if (local) transformers.env.allowRemoteModels = false;
  const extractor = await transformers.pipeline('feature-extraction', settings.model, { dtype: settings.dtype, device: 'cpu', local_files_only: local });
  stateLimit(extractor);
  return extractor;
};

const embed = async (extractor: Extractor, texts: readonly string[]): Promise<Float32Array[]> => {
  const { data, dims } = await extractor(texts, { pooling: settings.pooling });
  const dimension = dims[1];
  if (dims.length !== 2 || dims[0] !== texts.length || dimension === undefined)
    throw new Error(`the model gives a tensor of [${dims}] for ${texts.length} texts`);
  const numbers = Float32Array.from(data);
  return texts.map((_, index) => numbers.slice(index * dimension, (index + 1) * dimension));
};

const start = async (): Promise<void> => {
  let extractor: Extractor;
  try {
    extractor = await load(loadTransformers());
    const [vector] = await embed(extractor, ['hello']);
    say({ kind: 'loaded', dimension: vector?.length ?? 0 });
  } catch (error) {
    return say({ kind: 'unusable', missing: error instanceof MissingError, cause: wordsOf(error) });
  }
  // One after another: two at once would only share the same cores, and hold twice the memory.
  let last = Promise.resolve();
  process.on('message', ({ id, texts }: OnnxRequest) => {
    last = last.then(async () => {
      try {
        say({ kind: 'vectors', id, vectors: await embed(extractor, texts) });
      } catch (error) {
        say({ kind: 'failed', id, cause: wordsOf(error) });
      }
    });
  });
};

await start();
