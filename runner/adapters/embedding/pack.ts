import { estimateTokens } from '../../chunk/tokens.ts';

/** What one request of a service may hold. */
export interface BatchLimits {
  inputs: number;
  /** By our estimate: stay well below the service's own number. */
  tokens: number;
}

/** Texts → batches of their indices, in order. A text that is over the limit by itself gets a batch of its own. */
export const pack = (texts: readonly string[], { inputs, tokens }: BatchLimits): number[][] => {
  const batches: number[][] = [];
  let batch: number[] = [];
  let held = 0;
  for (const [index, text] of texts.entries()) {
    const size = estimateTokens(text);
    if (batch.length > 0 && (batch.length >= inputs || held + size > tokens)) {
      batches.push(batch);
      batch = [];
      held = 0;
    }
    batch.push(index);
    held += size;
  }
  return batch.length === 0 ? batches : [...batches, batch];
};
