/** A text that the model does not take, however often it is asked. Others of the same call are not held up by it. */
export class RefusedTextError extends Error {
  override readonly name = 'RefusedTextError';
}

export interface EmbedOptions {
  /** Ends the call, its retries and waits; it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Text → unit vectors of one model. */
export interface Embedder {
  /** `provider/model@dimension`: written into the space, never mixed with another. */
  readonly model: string;
  readonly dimension: number;
  /**
   * Weight of this model's list beside the text list in rank fusion, measured on judged collections:
   * a weak embedder fused at equal weight makes good text search worse.
   */
  readonly fusionWeight: number;
  /**
   * One result per text, same order.
   * @throws NexusError 502, 503 when trying again later can help
   */
  embedDocuments(texts: readonly string[], options?: EmbedOptions): Promise<(Float32Array | RefusedTextError)[]>;
  /** @throws RefusedTextError; NexusError 502, 503 when trying again later can help */
  embedQuery(text: string, options?: EmbedOptions): Promise<Float32Array>;
}

/** The models that this runner has. */
export interface Embedders {
  /** What a space gets that nobody has chosen a model for. */
  readonly standard: Embedder;
  readonly models: readonly string[];
  /** @param model as a space's settings name it */
  of(model: string): Embedder | undefined;
}

/** @param standard first; of two with one name the first counts */
export const embeddersOf = (standard: Embedder, ...others: readonly Embedder[]): Embedders => {
  const byModel = new Map([standard, ...others].reverse().map((embedder) => [embedder.model, embedder]));
  return { standard, models: [...byModel.keys()].reverse(), of: (model) => byModel.get(model) };
};
