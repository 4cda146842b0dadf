import type { Scope } from '../../shared/space-key.ts';
import type { RawHit, TermScores } from '../ports/vector-store.ts';

/** How much a term tells that so many of the passages hold: BM25's own (Robertson, Zaragoza 2009; as the engine has it). */
const idf = (passages: number, holding: number): number => Math.log(1 + (passages - holding + 0.5) / (holding + 0.5));

interface Term {
  scores: ReadonlyMap<bigint, number>;
  /** What the engine's number has to be multiplied by. */
  factor: number;
}

const termsOf = (own: TermScores, all: readonly TermScores[]): Term[] => {
  const passages = all.reduce((sum, one) => sum + one.passages, 0);
  return [...own.terms].map(([term, scores]): Term => {
    // A stop word of one scope's language says nothing in the other either.
    if (!all.every((one) => one.terms.has(term))) return { scores, factor: 0 };
    const holding = all.reduce((sum, one) => sum + (one.terms.get(term)?.size ?? 0), 0);
    // Of a term that more passages hold than were asked for, the engine knows better.
    return { scores, factor: scores.size >= own.reach ? 1 : idf(passages, holding) / idf(own.passages, scores.size) };
  });
};

/**
 * BM25 as if the passages of all scopes lay in one space. Each table's own numbers depend on how many passages it has and
 * how many of them hold a word: where all of a tenant's three notes are about the subject, its words are worth nothing
 * there, and thousands of passages elsewhere would stand above them (as in a distributed search without common
 * statistics).
 * @returns a score for a hit of each scope's text list
 */
export const pooledScores = (statistics: ReadonlyMap<Scope, TermScores>): ((scope: Scope, hit: RawHit) => number) => {
  const all = [...statistics.values()];
  const terms = new Map([...statistics].map(([scope, own]) => [scope, termsOf(own, all)]));
  return (scope, { rowId, bm25 = 0 }) => (terms.get(scope) ?? []).reduce((sum, { scores, factor }) => sum + (scores.get(rowId) ?? 0) * (factor - 1), bm25);
};
