import { limits } from '../../shared/limits.ts';
import { termsOf } from './terms.ts';

/** Terms that must stand one after the other: a quoted phrase, or a word that the index holds in parts. */
export type Phrase = readonly string[];

/** A query's text as the text index is asked. */
export interface TextQuery {
  /** Each that a passage holds adds to its score. */
  any: readonly string[];
  /** Those of them that are only single signs of longer words: they find, but are not shown as found. */
  parts: readonly string[];
  /** Like `any`, but spelt nearly like this. */
  misspelt: readonly string[];
  /** A passage without one of these is no hit. */
  required: readonly string[];
  phrases: readonly Phrase[];
  /** Nor is one without a word spelt nearly like one of these. */
  requiredMisspelt: readonly string[];
  /** Nor is one that holds one of these. */
  excluded: readonly string[];
  excludedPhrases: readonly Phrase[];
}

/** Asks for nothing. */
export const noTextQuery: TextQuery = {
  ...{ any: [], parts: [], misspelt: [], required: [], phrases: [], requiredMisspelt: [] },
  ...{ excluded: [], excludedPhrases: [] },
};

/** One piece of a query as it was typed. */
interface Piece {
  text: string;
  sign: '+' | '-' | '';
  isQuoted: boolean;
  isMisspelt: boolean;
}

/** `"a phrase"` with or without a sign before it, a piece without spaces and quotes, or a quote that opens nothing. */
const piece = /(?:(?<=^|\s)([+-]))?(?<![\p{L}\p{N}])"([^"]+)"|[^\s"]+|"/gu;
/** `+word`, `-word`: signs before digits (−5, +49) and between words are part of what people write. */
const signed = /^([+-])(?=\p{L})/u;
const misspeltEnd = /~[12]?$/;

const pieceOf = (query: string, { 0: whole, 1: phraseSign, 2: phrase, index }: RegExpExecArray): Piece => {
  if (phrase !== undefined) return { text: phrase, sign: phraseSign === '+' || phraseSign === '-' ? phraseSign : '', isQuoted: true, isMisspelt: false };
  const isFirst = index === 0 || /\s/.test(query[index - 1] ?? '');
  const sign = isFirst ? (signed.exec(whole)?.[1] ?? '') : '';
  const isMisspelt = misspeltEnd.test(whole);
  const text = whole.slice(sign.length).replace(misspeltEnd, '');
  return { text, sign: sign as Piece['sign'], isQuoted: false, isMisspelt };
};

const piecesOf = (query: string): Piece[] => Array.from(query.matchAll(piece), (match) => pieceOf(query, match));

/**
 * Reads a query as people type it: words; `"exact words"` and `+word`, which a hit must hold; `-word` and
 * `-"exact words"`, which it must not; `word~`, which may be misspelt. Whatever else stands there is text to be searched:
 * nothing is an error. Phrases beyond `limits.queryPhrases` count as their words or, if excluded, not.
 */
export const parseTextQuery = (query: string): TextQuery => {
  /** With whether each is only a part of what was typed. */
  const any = new Map<string, boolean>();
  const [misspelt, required, requiredMisspelt, excluded] = [new Set<string>(), new Set<string>(), new Set<string>(), new Set<string>()];
  const phrases: Phrase[] = [];
  const excludedPhrases: Phrase[] = [];

  for (const { text, sign, isQuoted, isMisspelt } of piecesOf(query)) {
    const found = Array.from(termsOf(text));
    const terms = found.map(({ term }) => term);
    const mayBePhrase = terms.length > 1 && phrases.length + excludedPhrases.length < limits.queryPhrases;
    const mayBeMisspelt = isMisspelt && misspelt.size + requiredMisspelt.size + terms.length <= limits.misspeltTerms;
    const addTo = (set: Set<string>): void => {
      for (const term of terms) set.add(term);
    };
    if (sign === '-' && terms.length === 1) addTo(excluded);
    else if (sign === '-' && mayBePhrase) excludedPhrases.push(terms);
    else if (sign === '-') continue;
    else if (mayBeMisspelt) addTo(sign === '+' ? requiredMisspelt : misspelt);
    else if ((sign === '+' || isQuoted) && mayBePhrase) phrases.push(terms);
    else if (sign === '+' || isQuoted) addTo(required);
    else for (const { term, isPart } of found) any.set(term, isPart && any.get(term) !== false);
  }
  const parts = [...any].filter(([, isPart]) => isPart).map(([term]) => term);
  return {
    ...{ any: [...any.keys()], parts, misspelt: [...misspelt], required: [...required], phrases, requiredMisspelt: [...requiredMisspelt] },
    ...{ excluded: [...excluded], excludedPhrases },
  };
};

/** Whether a passage may be no hit although it is like the query: then every list has to keep to the text's rules. */
export const isRestricted = ({ required, phrases, requiredMisspelt, excluded, excludedPhrases }: TextQuery): boolean =>
  [required, phrases, requiredMisspelt, excluded, excludedPhrases].some(({ length }) => length > 0);

/** What a query says, without its signs and without what it excludes: this is embedded. */
export const spokenText = (query: string): string => {
  const pieces = piecesOf(query);
  if (pieces.every(({ sign, isQuoted, isMisspelt }) => sign === '' && !isQuoted && !isMisspelt)) return query;
  const spoken = pieces
    .filter(({ sign }) => sign !== '-')
    .map(({ text }) => text)
    .join(' ');
  return spoken.trim() === '' ? query : spoken;
};
