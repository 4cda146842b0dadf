/** Terms in a cluster's label. */
const labelTerms = 3;
const keptTerms = 8;
/** A word in more than this share of all passages says nothing about any of them. */
const commonShare = 0.25;
const commonFrom = 12;

const words = new Intl.Segmenter(undefined, { granularity: 'word' });
/** At least two letters of any script; or one, where a letter is a word. */
const telling = /^(?=.*\p{L})(?:\p{L}[\p{L}\p{M}\p{N}'’-]{2,}|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]+)$/u;

const termsOf = (text: string): Set<string> => {
  const terms = new Set<string>();
  for (const { segment, isWordLike } of words.segment(text)) {
    const term = segment.toLowerCase();
    if (isWordLike && telling.test(term)) terms.add(term);
  }
  return terms;
};

/**
 * What each cluster is about: the words that stand in many of its passages and in few of the others, by class-based
 * TF-IDF (Grootendorst 2022): tf(t, c) · log(1 + A / f(t)), with A the mean number of words a cluster.
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
  return inCluster.map((counts) => {
    const scored = [...counts]
      .filter(([term]) => !isCommon(term))
      .map(([term, here]) => ({ term, score: here * Math.log(1 + mean / (overall.get(term) ?? 1)) }));
    scored.sort((a, b) => b.score - a.score || (a.term < b.term ? -1 : 1));
    return scored.slice(0, keptTerms).map(({ term }) => term);
  });
};

/** A cluster without words, of vectors that came alone, has its number. */
export const labelOf = (terms: readonly string[], cluster: number): string =>
  terms.length === 0 ? `Cluster ${cluster + 1}` : terms.slice(0, labelTerms).join(' · ');
