/** Reads a query and passages together, and says how well each answers it. */
export interface Reranker {
  /** `provider/model`. */
  readonly model: string;
  /**
   * One score per text, same order, larger better.
   * @param signal ends the call, which then rejects
   * @throws whatever, when there are no scores that could be relied on
   */
  score(query: string, texts: readonly string[], signal: AbortSignal): Promise<number[]>;
}
