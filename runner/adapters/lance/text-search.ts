import { BooleanQuery, type FullTextQuery, MatchQuery, Occur, Operator, PhraseQuery } from '@lancedb/lancedb';
import { isSpeltLike, tolerance } from '../../text/edit-distance.ts';
import type { Phrase, TextQuery } from '../../text/text-query.ts';
import { textColumn } from './text-index.ts';

/** How words that may be misspelt are found. */
export interface Spelling {
  /** Every word there is, where there is no index. */
  vocabulary: ReadonlySet<string> | undefined;
  /** The engine compares such a word as it stands with the stems of its index, so it has to be stemmed for it. */
  stem: (term: string) => string;
}

/** Any of these terms, or all. */
export const match = (terms: readonly string[], operator = Operator.Or): MatchQuery => new MatchQuery(terms.join(' '), textColumn, { operator });

/**
 * A word that may be misspelt. The engine compares it with the words of its index alone, so the word as it stands is
 * searched too: rows that are not indexed yet may hold it. Where there is no index, we compare.
 */
const nearly = (term: string, { vocabulary, stem }: Spelling): FullTextQuery => {
  if (vocabulary !== undefined) return match([...vocabulary].filter((word) => isSpeltLike(term, word)));
  const fuzzy = new MatchQuery(stem(term), textColumn, { fuzziness: tolerance(term) });
  return new BooleanQuery([
    [Occur.Should, fuzzy],
    [Occur.Should, match([term])],
  ]);
};

const exactly = (phrase: Phrase): FullTextQuery => new PhraseQuery(phrase.join(' '), textColumn);

type Clause = [Occur, FullTextQuery];
/** One clause for all of them: the engine walks down a query clause by clause, and a long one would overflow its stack. */
const together = (occur: Occur, terms: readonly string[], operator?: Operator): Clause[] => (terms.length === 0 ? [] : [[occur, match(terms, operator)]]);

/**
 * A query in the engine's words. Scores add up over its parts; what is excluded gives none.
 * @param any `query.any` without stop words
 * @returns undefined when there is nothing to look for: the engine refuses a query of exclusions alone
 */
export const engineQuery = (query: TextQuery, any: readonly string[], spelling: Spelling): FullTextQuery | undefined => {
  const { misspelt, required, phrases, requiredMisspelt, excluded, excludedPhrases } = query;
  const wanted: Clause[] = [
    ...together(Occur.Should, any),
    ...misspelt.map((term): Clause => [Occur.Should, nearly(term, spelling)]),
    ...together(Occur.Must, required, Operator.And),
    ...phrases.map((phrase): Clause => [Occur.Must, exactly(phrase)]),
    ...requiredMisspelt.map((term): Clause => [Occur.Must, nearly(term, spelling)]),
  ];
  const unwanted: Clause[] = [...together(Occur.MustNot, excluded), ...excludedPhrases.map((phrase): Clause => [Occur.MustNot, exactly(phrase)])];
  const [first] = wanted;
  if (first === undefined) return undefined;
  return wanted.length === 1 && unwanted.length === 0 ? first[1] : new BooleanQuery([...wanted, ...unwanted]);
};
