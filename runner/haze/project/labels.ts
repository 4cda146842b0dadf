import { silentWords } from './silent-words.ts';

/** Terms in a cluster's label. */
const labelTerms = 3;
const keptTerms = 8;
/** A word in more than this share of all passages says nothing about any of them. */
const commonShare = 0.25;
const commonFrom = 12;

const words = new Intl.Segmenter(undefined, { granularity: 'word' });
/** At least three letters of any script, or two signs of those that say more with each. */
const telling = /^(?=.*\p{L})(?:\p{L}[\p{L}\p{M}\p{N}'’-]{2,}|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]{2,})$/u;

const termsOf = (text: string): Set<string> => {
  const terms = new Set<string>();
  for (const { segment, isWordLike } of words.segment(text)) {
    const term = segment.toLowerCase();
    if (isWordLike && telling.test(term)) terms.add(term);
  }
  return terms;
};

/** Letters that a form of the same word may have more: wing, wings. */
const endingLetters = 2;
const stemLetters = 4;
const isFormOf = (a: string, b: string): boolean => {
  const shared = Math.min(a.length, b.length);
  return shared >= stemLetters && (a.startsWith(b) || b.startsWith(a)) && Math.abs(a.length - b.length) <= endingLetters;
};

interface Scored {
  term: string;
  score: number;
}

/** The first terms of a ranking, one form of each word. */
const firstOf = (ranking: readonly Scored[]): string[] => {
  const kept: string[] = [];
  for (const { term } of ranking) {
    if (kept.length === keptTerms) break;
    if (!kept.some((other) => isFormOf(term, other))) kept.push(term);
  }
  return kept;
};

/**
 * What each cluster is about: the words that stand in many of its passages and in few of the others, by class-based
 * TF-IDF (Grootendorst 2022): tf(t, c) · log(1 + A / f(t)), with tf the share of the cluster's passages and A the mean number
 * of words a cluster; without the stop words of its language. A word belongs to the cluster in which it says most, so that no two labels share one; a cluster to which
 * no word belongs has those of its own that say most.
 * @returns for each cluster its terms, the most telling first
 */
export const clusterTerms = (texts: readonly string[], clusters: readonly number[], count: number): string[][] => {
  const inCluster = Array.from({ length: count }, () => new Map<string, number>());
  const overall = new Map<string, number>();
  let total = 0;
  texts.forEach((text, index) => {
    const counts = inCluster[clusters[index] ?? 0];
    for (const term of termsOf(text)) {
      counts?.set(term, (counts.get(term) ?? 0) + 1);
      overall.set(term, (overall.get(term) ?? 0) + 1);
      total += 1;
    }
  });
  const isCommon = (term: string): boolean => texts.length >= commonFrom && (overall.get(term) ?? 0) > texts.length * commonShare;
  const mean = total / Math.max(1, count);
  const rankings = inCluster.map((counts, cluster) => {
    const own = texts.filter((_, index) => clusters[index] === cluster);
    const silent = silentWords(own);
    const scored = [...counts]
      .filter(([term]) => !isCommon(term) && !silent.has(term))
      .map(([term, here]): Scored => ({ term, score: (here / own.length) * Math.log(1 + mean / (overall.get(term) ?? 1)) }));
    return scored.sort((a, b) => b.score - a.score || (a.term < b.term ? -1 : 1));
  });
  const owners = new Map<string, { cluster: number; score: number }>();
  rankings.forEach((ranking, cluster) => {
    for (const { term, score } of ranking) if (score > (owners.get(term)?.score ?? 0)) owners.set(term, { cluster, score });
  });
  return rankings.map((ranking, cluster) => {
    const own = firstOf(ranking.filter(({ term }) => owners.get(term)?.cluster === cluster));
    return own.length > 0 ? own : firstOf(ranking);
  });
};

/** A cluster without words, of vectors that came alone, has its number. */
export const labelOf = (terms: readonly string[], cluster: number): string =>
  terms.length === 0 ? `Cluster ${cluster + 1}` : terms.slice(0, labelTerms).join(' · ');
