import { NexusError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { ExtractError } from '../extract/extract-error.ts';
import { type Embedder, type Embedders, RefusedTextError } from '../ports/embedder.ts';
import type { ChunkRow } from '../ports/vector-store.ts';
import type { Settings } from '../records/space-records.ts';
import type { Draft } from './prepare.ts';

/**
 * What the texts of a request are embedded by. Undefined: this runner lacks the space's model.
 * @param epoch the request's; what belongs to an earlier life of the space is dropped later, so that any model will do
 */
export const embedderOf = (embedders: Embedders, settings: Settings | undefined, epoch: number): Embedder | undefined =>
  settings?.epoch !== epoch || settings.embedding_model === null ? embedders.standard : embedders.of(settings.embedding_model);

const refused = (chunk: number, { message }: RefusedTextError): ExtractError =>
  new ExtractError(
    'nexus.validation_failed',
    `The embedding model does not take passage ${chunk} of this document (${message}). Change the text, choose a smaller chunking.max_tokens, or send the document with a vector of its own.`,
  );

/**
 * Drafts → their rows, all texts in one call. A document of which one text is refused fails as a whole, and alone.
 * @param timeoutMs for all texts, all tries included
 * @throws NexusError 502, 503 when trying again later can help
 */
export const embedDrafts = async (
  embedder: Embedder | undefined,
  drafts: readonly Draft[],
  timeoutMs: number = limits.embedDocumentsTimeoutMs,
): Promise<(ChunkRow[] | ExtractError)[]> => {
  const texts = drafts.flatMap((draft) => draft.texts);
  const vectors = texts.length === 0 ? [] : await embedAll(embedder, texts, timeoutMs);
  let next = 0;
  return drafts.map((draft) => {
    const own = vectors.slice(next, next + draft.texts.length);
    next += draft.texts.length;
    const chunk = own.findIndex((vector) => vector instanceof RefusedTextError);
    if (chunk >= 0) return refused(chunk, own[chunk] as RefusedTextError);
    return draft.rows(own as Float32Array[]);
  });
};

const embedAll = async (embedder: Embedder | undefined, texts: readonly string[], timeoutMs: number): Promise<(Float32Array | RefusedTextError)[]> => {
  // Accepted by a runner that has the model, or by this one before it was configured anew.
  if (embedder === undefined) throw new NexusError('nexus.upstream_unavailable', "This runner does not have the space's embedding model.");
  const signal = AbortSignal.timeout(timeoutMs);
  const vectors = await embedder.embedDocuments(texts, { signal }).catch((cause: unknown) => {
    throw signal.aborted ? new NexusError('nexus.upstream_unavailable', 'The embedding service is too slow for this request.', { cause }) : cause;
  });
  if (vectors.length !== texts.length) throw new Error(`the embedder gave ${vectors.length} vectors for ${texts.length} texts`);
  return vectors;
};
