import { limits } from '../../shared/limits.ts';
import type { Log } from '../ports/log.ts';
import { durationBuckets, type Metrics } from '../ports/metrics.ts';
import type { Reranker } from '../ports/reranker.ts';
import type { Run } from '../ports/run.ts';
import { spokenText } from '../text/text-query.ts';
import type { Candidate } from './fuse.ts';
import type { PlannedScope } from './plan.ts';
import { type Reranking, rerankingOf } from './reranking.ts';

export interface RerankDeps {
  /** Undefined: none is configured. */
  reranker: Reranker | undefined;
  /** Milliseconds; later than this the fused order is answered. */
  rerankDeadlineMs: number;
  metrics: Metrics;
  log: Log;
}

/** Texts of these rows by their place; rows without words are not offered. */
const textsOf = async (scopes: readonly PlannedScope[], rows: readonly Candidate[]): Promise<Map<number, string>> => {
  const texts = new Map<number, string>();
  await Promise.all(
    scopes.map(async ({ scope, reader }) => {
      const places = new Map(
        rows
          .map((row, place) => [row, place] as const)
          .filter(([row]) => row.scope === scope)
          .map(([{ rowId }, place]) => [rowId, place]),
      );
      for (const { rowId, text } of await reader.rows([...places.keys()], { text: true, metadata: false, vector: false })) {
        const place = places.get(rowId);
        if (place !== undefined && typeof text === 'string' && text.trim() !== '') texts.set(place, text);
      }
    }),
  );
  return texts;
};

/** Rejects when the signal is aborted, whatever becomes of the work. */
const orAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  Promise.race([work, new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))]);

/**
 * Has the first rows of a ranking judged. A reranker that fails or is late is told by the log and the metrics, and costs
 * the caller no answer: the fused order stays.
 */
export const askReranker = async (
  { reranker, rerankDeadlineMs, metrics, log }: RerankDeps & { reranker: Reranker },
  scopes: readonly PlannedScope[],
  query: string,
  offered: readonly Candidate[],
  run: Run,
): Promise<Reranking> => {
  const outcomes = metrics.counter('nexus_rerankings_total', 'Rankings that were to be reranked, by outcome (done, failed, late).');
  const duration = metrics.histogram('nexus_reranking_duration_seconds', 'Waiting for the reranker.', durationBuckets);
  const startedMs = performance.now();
  const signal = AbortSignal.timeout(Math.min(rerankDeadlineMs, run.remainingMs()));
  let reranking: Reranking;
  try {
    const texts = await textsOf(scopes, offered);
    const scores = texts.size === 0 ? [] : await run.idle(() => orAborted(reranker.score(spokenText(query), [...texts.values()], signal), signal));
    if (scores.length !== texts.size) throw new Error(`the reranker gave ${scores.length} scores for ${texts.size} texts`);
    reranking = rerankingOf(offered, new Map([...texts.keys()].map((place, index) => [place, scores[index] ?? Number.NaN])));
  } catch (error) {
    reranking = signal.aborted ? 'late' : 'failed';
    log.warn('rerank.fell_back', { outcome: reranking, model: reranker.model, error: String(error), cause: String((error as Error).cause ?? '') });
  }
  const tookMs = performance.now() - startedMs;
  run.took('rerank', tookMs);
  outcomes(1, { outcome: typeof reranking === 'string' ? reranking : 'done' });
  duration(tookMs / 1000);
  return reranking;
};

/** How many rows are to be judged; 0: none. */
export const rerankDepth = (rerank: boolean | { top_n: number } | undefined): number =>
  rerank === true ? limits.rerankTopN : rerank === undefined || rerank === false ? 0 : rerank.top_n;
