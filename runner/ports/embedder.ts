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
  /** One vector per text, same order. */
  embedDocuments(texts: readonly string[]): Promise<Float32Array[]>;
  embedQuery(text: string): Promise<Float32Array>;
}
