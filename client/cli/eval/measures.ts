/** Judged documents of one query: how relevant each is, above 0 if it is. */
export type Grades = ReadonlyMap<string, number>;

/** What is measured of one ranking, and of many as the mean over all judged queries. */
export interface Measures {
  'ndcg@10': number;
  'recall@100': number;
  map: number;
}

const gainOf = (grades: Grades, id: string | undefined): number => Math.max(0, grades.get(id ?? '') ?? 0);
const relevantIn = (grades: Grades): number => [...grades.values()].filter((grade) => grade > 0).length;

const discounted = (gains: readonly number[]): number => gains.reduce((sum, gain, index) => sum + gain / Math.log2(index + 2), 0);

/** trec_eval's ndcg_cut: the grade itself is the gain; the best possible ranking gives 1 (Järvelin, Kekäläinen 2002). */
export const ndcgAt = (ranked: readonly string[], grades: Grades, depth: number): number => {
  const best = discounted(
    [...grades.values()]
      .map((grade) => Math.max(0, grade))
      .sort((a, b) => b - a)
      .slice(0, depth),
  );
  return best === 0 ? 0 : discounted(ranked.slice(0, depth).map((id) => gainOf(grades, id))) / best;
};

/** trec_eval's recall: how many of the relevant documents stand so high. */
export const recallAt = (ranked: readonly string[], grades: Grades, depth: number): number => {
  const relevant = relevantIn(grades);
  return relevant === 0 ? 0 : ranked.slice(0, depth).filter((id) => gainOf(grades, id) > 0).length / relevant;
};

/** trec_eval's map of one query: precision at each relevant document, over all relevant ones, found or not. */
export const averagePrecision = (ranked: readonly string[], grades: Grades): number => {
  const relevant = relevantIn(grades);
  let found = 0;
  let sum = 0;
  ranked.forEach((id, index) => {
    if (gainOf(grades, id) > 0) sum += ++found / (index + 1);
  });
  return relevant === 0 ? 0 : sum / relevant;
};

const mean = (values: readonly number[]): number => (values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length);

/** The mean over all judged queries; one without an answer counts as 0 (trec_eval -c). */
export const measure = (rankings: readonly { ranked: readonly string[]; grades: Grades }[]): Measures => ({
  'ndcg@10': mean(rankings.map(({ ranked, grades }) => ndcgAt(ranked, grades, 10))),
  'recall@100': mean(rankings.map(({ ranked, grades }) => recallAt(ranked, grades, 100))),
  map: mean(rankings.map(({ ranked, grades }) => averagePrecision(ranked, grades))),
});
