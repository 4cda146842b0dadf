import { limits } from '../../shared/limits.ts';
import type { Span } from '../chunk/blocks.ts';
import { isSpeltLike } from './edit-distance.ts';
import { type Term, termsOf } from './terms.ts';
import type { Phrase, TextQuery } from './text-query.ts';

/** Terms as the index compares them: stemmed, without accents. */
export type Stem = (term: string) => string;

/** Every term that has to be stemmed before a query's words can be found in texts. */
export const termsToStem = (query: TextQuery, texts: readonly string[]): string[] => {
  const { any, misspelt, required, phrases, requiredMisspelt } = query;
  const found = new Set([...any, ...misspelt, ...required, ...phrases.flat(), ...requiredMisspelt]);
  for (const text of texts) for (const { term } of termsOf(text)) found.add(term);
  return [...found];
};

const phraseSpans = (terms: readonly Term[], stems: readonly string[], phrase: Phrase): Span[] => {
  const isAt = (at: number): boolean => phrase.every((term, index) => stems[at + index] === term);
  return terms.flatMap(({ start }, at) => (isAt(at) ? [{ start, end: terms[at + phrase.length - 1]?.end ?? start }] : []));
};

/** In order, those that touch or overlap as one. */
const merged = (spans: Span[]): Span[] => {
  const result: Span[] = [];
  for (const { start, end } of spans.sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = result.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else result.push({ start, end });
  }
  return result;
};

/**
 * Where a text holds what a query asks for: words in any of their forms, whole phrases, nearly spelt words.
 * @returns at most `limits.highlights` pieces, in order, that do not overlap
 */
export const highlightsOf = (text: string, query: TextQuery, stem: Stem): Span[] => {
  const terms = Array.from(termsOf(text));
  const stems = terms.map(({ term }) => stem(term));
  const near = [...query.misspelt, ...query.requiredMisspelt];
  const parts = new Set(query.parts);
  const words = new Set([...query.any.filter((term) => !parts.has(term)), ...query.required, ...near].map(stem));
  const isFound = ({ term }: Term, index: number): boolean => words.has(stems[index] ?? term) || near.some((asked) => isSpeltLike(asked, term));
  const spans: Span[] = terms.filter(isFound).map(({ start, end }) => ({ start, end }));
  for (const phrase of query.phrases) spans.push(...phraseSpans(terms, stems, phrase.map(stem)));
  return merged(spans).slice(0, limits.highlights);
};
