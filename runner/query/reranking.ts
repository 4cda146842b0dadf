import { z } from 'zod';
import { fromBase64Url, toBase64Url } from '../../shared/bytes.ts';
import { type CursorPayload, givenDigest } from '../../shared/cursor.ts';
import { cursorInvalid } from '../../shared/errors.ts';
import type { Candidate } from './fuse.ts';
import { heldBelow } from './window.ts';

const judgedSchema = z.object({
  /** Digest of the rows that were offered: the order is of these and no others. */
  offered: z.string(),
  /** Places of the judged rows among the offered, best first: one byte each. */
  order: z.string(),
  /** Their scores, float32. */
  scores: z.string(),
});
const rerankingSchema = z.union([judgedSchema, z.enum(['failed', 'late'])]);
/** What became of the reranking of a walk, as its cursors carry it: later pages never rerank again. */
export type Reranking = z.infer<typeof rerankingSchema>;

const idsOf = (rows: readonly Candidate[]): string[] => rows.map(({ scope, id }) => `${scope} ${id}`);

/**
 * @param offered the first rows of the ranking, at most 100
 * @param scores of some of them, by their place
 */
export const rerankingOf = (offered: readonly Candidate[], scores: ReadonlyMap<number, number>): Reranking => {
  // Rounded before they are compared, so that every page compares alike; of one score, the fused order stays.
  const judged = [...scores].map(([place, score]) => ({ place, score: Math.fround(score) })).sort((a, b) => b.score - a.score || a.place - b.place);
  return {
    offered: givenDigest(idsOf(offered)),
    order: toBase64Url(Uint8Array.from(judged, ({ place }) => place)),
    scores: toBase64Url(new Uint8Array(Float32Array.from(judged, ({ score }) => score).buffer)),
  };
};

/**
 * Judged rows first, by the reranker's scores. The others, which it was not asked about or which have no text, follow in
 * the order they had, with scores held below: unless there is a least score to reach, which nobody has said they do.
 * @throws NexusError 410 when the rows are not those that were judged
 */
export const reranked = (ranked: readonly Candidate[], topN: number, reranking: Reranking, minScore: number | undefined): Candidate[] => {
  if (typeof reranking === 'string') return [...ranked];
  const offered = ranked.slice(0, topN);
  if (givenDigest(idsOf(offered)) !== reranking.offered) throw cursorInvalid();
  const places = fromBase64Url(reranking.order) ?? new Uint8Array();
  const scores = new Float32Array((fromBase64Url(reranking.scores) ?? new Uint8Array()).buffer);
  const judged = Array.from(places, (place, index): Candidate => {
    const candidate = offered[place];
    if (candidate === undefined) throw cursorInvalid();
    return { ...candidate, score: scores[index] ?? 0, ranks: { ...candidate.ranks, fused: place + 1, rerank: index + 1 } };
  });
  if (minScore !== undefined) return judged;
  const known = new Set(places);
  const rest = ranked.filter((_, place) => !known.has(place));
  return [...judged, ...heldBelow(judged.at(-1)?.score ?? Number.POSITIVE_INFINITY, rest)];
};

/** What an earlier page has made of it; undefined on a first page. */
export const rerankingBy = (cursor: CursorPayload | undefined): Reranking | undefined => {
  if (cursor === undefined) return undefined;
  const parsed = rerankingSchema.safeParse(cursor.state?.rerank);
  if (!parsed.success) throw cursorInvalid();
  return parsed.data;
};
