import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { NexusError, validationFailed } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { type Embedder, RefusedTextError } from '../ports/embedder.ts';

/** Text of a query → its vector. @throws NexusError 422 when the model does not take the text, 502, 503 */
export type EmbedQuery = (embedder: Embedder, tenantId: string, text: string) => Promise<Float32Array>;

/** What an operator has to look at stays the cause; the caller learns what still works. */
const asQueryError = (error: unknown): unknown => {
  if (error instanceof RefusedTextError)
    return validationFailed([{ path: 'query', message: `the embedding model does not take this text (${error.message})` }]);
  const late = (error as Error).name === 'TimeoutError';
  if (!late && !(error instanceof NexusError)) return error;
  const { code, retryAfterSeconds = 1 } = late ? new NexusError('nexus.upstream_unavailable', '') : (error as NexusError);
  return new NexusError(code, 'The query cannot be embedded now. Try again, or search with mode text, which needs no embedding.', {
    cause: late ? error : ((error as NexusError).cause ?? error),
    retryAfterSeconds,
  });
};

/**
 * Embeds queries, each text once while it is remembered, and once for callers who ask at the same time. What one tenant
 * has asked is not remembered for another: how fast an answer comes would tell who asked what.
 */
export const queryEmbeddings = (maxBytes: number = limits.embedQueryCacheBytes): EmbedQuery => {
  const known = new LRUCache<string, Float32Array>({ maxSize: maxBytes, sizeCalculation: ({ byteLength }, key) => byteLength + key.length });
  const flights = new Map<string, Promise<Float32Array>>();
  return async (embedder, tenantId, text) => {
    const key = createHash('sha256')
      .update(JSON.stringify([tenantId, embedder.model, text]))
      .digest('base64');
    const vector = known.get(key);
    if (vector !== undefined) return vector;
    const flight =
      flights.get(key) ??
      embedder
        .embedQuery(text, { signal: AbortSignal.timeout(limits.embedQueryTimeoutMs) })
        .then((embedded) => {
          known.set(key, embedded);
          return embedded;
        })
        .catch((error: unknown) => {
          throw asQueryError(error);
        })
        .finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  };
};
