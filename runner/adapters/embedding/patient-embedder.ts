import pLimit from 'p-limit';
import { NexusError } from '../../../shared/errors.ts';
import { type RetryPolicy, retrying, retryWaitMs } from '../../../shared/retry.ts';
import { type Embedder, type EmbedOptions, RefusedTextError } from '../../ports/embedder.ts';
import { asUpstreamError, mayPass, ServiceError } from '../inference/service-error.ts';
import type { Use } from './embedding-api.ts';
import { type BatchLimits, pack } from './pack.ts';
import { splitting } from './splitting.ts';
import { type RawVector, unitVector } from './unit-vectors.ts';

/**
 * The vectors of texts, prefixes included, in their order.
 * @throws ServiceError
 */
export type Ask = (texts: readonly string[], use: Use, signal: AbortSignal | undefined) => Promise<readonly RawVector[]>;

export interface PatientOptions {
  model: string;
  dimension: number;
  fusionWeight: number;
  batch: BatchLimits;
  /** Requests for documents on the way at once, for all tasks of this process together. Queries do not wait behind them. */
  concurrency: number;
  /** Put before each text: what E5-like models tell the two uses apart by. */
  prefixes: Record<Use, string>;
  retry: RetryPolicy;
}

export interface Patience {
  /** Names the service in errors. */
  name: string;
  /** Rejects when the signal is aborted. */
  sleep: (ms: number, signal: AbortSignal | undefined) => Promise<unknown>;
  random: () => number;
}

type Vectors = (Float32Array | RefusedTextError)[];

const wrongDimension = (service: string): NexusError =>
  new NexusError('nexus.upstream_invalid', 'The embedding service does not answer as it should.', {
    cause: new Error(`${service} gives vectors of another dimension than the one that is configured`),
  });

/**
 * A model that answers from elsewhere. Texts are packed, sent with bounded concurrency and patience, and a text that spoils
 * its batch is found by halving. What comes back is checked by count, order, dimension and finiteness, and made to length 1.
 */
export const patientEmbedder = (ask: Ask, options: PatientOptions, deps: Patience): Embedder => {
  const { model, dimension, fusionWeight, prefixes, batch, retry } = options;
  const slots = pLimit(options.concurrency);

  const once = async (texts: readonly string[], use: Use, signal: AbortSignal | undefined): Promise<Vectors> => {
    const raw = await ask(
      texts.map((text) => prefixes[use] + text),
      use,
      signal,
    );
    if (raw.length !== texts.length) throw new ServiceError(deps.name, 'unreadable');
    const vectors = raw.map((one) => unitVector(one, dimension));
    if (vectors.includes(undefined)) throw wrongDimension(deps.name);
    return vectors as Vectors;
  };

  /** @param slot bounds the tries, not the waits between them */
  const call = (texts: readonly string[], use: Use, signal: AbortSignal | undefined, slot = <T>(work: () => Promise<T>) => work()): Promise<Vectors> =>
    retrying(
      () => slot(() => once(texts, use, signal)),
      (error, attempt) => (error instanceof ServiceError && mayPass(error) ? retryWaitMs(retry, attempt, error.retryAfterMs, deps.random()) : undefined),
      (ms) => deps.sleep(ms, signal),
    );

  const told = (error: unknown): never => {
    throw error instanceof ServiceError ? asUpstreamError('embedding service', error) : error;
  };

  return {
    ...{ model, dimension, fusionWeight },

    async embedDocuments(texts, { signal }: EmbedOptions = {}) {
      const failed = new AbortController();
      const ends = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
      const embed = splitting((some) => call(some, 'document', ends, slots));
      const results: Vectors = new Array(texts.length);
      const batches = pack(texts, batch).map(async (indices) => {
        const vectors = await embed(indices.map((index) => texts[index] ?? ''));
        for (const [at, index] of indices.entries()) results[index] = vectors[at] as Vectors[number];
      });
      try {
        await Promise.all(batches);
      } catch (error) {
        // What is still on its way for this call is of no use any more.
        failed.abort();
        return told(error);
      }
      return results;
    },

    async embedQuery(text, { signal }: EmbedOptions = {}) {
      const [vector] = await splitting((some) => call(some, 'query', signal))([text]).catch(told);
      if (vector === undefined || vector instanceof RefusedTextError) throw vector ?? new Error('one text, one vector');
      return vector;
    },
  };
};
