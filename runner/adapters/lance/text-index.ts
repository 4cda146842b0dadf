import { Index, tokenize } from '@lancedb/lancedb';
import { LRUCache } from 'lru-cache';

/** The column that text search reads: a passage's terms, and those of its titles, between spaces. */
export const textColumn = 'words';

/**
 * Below this a text search reads every passage, which takes milliseconds: BM25 then counts all of them, whereas an index
 * of the first few would give each later row numbers of another collection.
 */
export const textIndexRows = 100;

/** Languages for which the engine has a stemmer, by ISO 639-1 code. */
const stemmed: Record<string, string> = {
  ar: 'Arabic',
  da: 'Danish',
  de: 'German',
  el: 'Greek',
  en: 'English',
  es: 'Spanish',
  fi: 'Finnish',
  fr: 'French',
  hu: 'Hungarian',
  it: 'Italian',
  nb: 'Norwegian',
  nl: 'Dutch',
  nn: 'Norwegian',
  no: 'Norwegian',
  pt: 'Portuguese',
  ro: 'Romanian',
  ru: 'Russian',
  sv: 'Swedish',
  ta: 'Tamil',
  tr: 'Turkish',
};

/** `deu` is `de`: the standard's own table of names knows the longer codes. */
const stemmerOf = (language: string | null): string | undefined => stemmed[new Intl.Locale(language ?? 'en').language];

/**
 * The text index for a language. Words are cut by us (`runner/text/terms.ts`), for all languages alike; the engine stems
 * them where it has a stemmer, folds accents, and keeps positions for phrases. Stop words stay in it: a phrase may need
 * them. Index objects are single-use.
 */
export const textIndexFor = (language: string | null): Index => {
  const stemmer = stemmerOf(language);
  const ofLanguage = stemmer === undefined ? { stem: false } : { stem: true, language: stemmer };
  return Index.fts({
    baseTokenizer: 'whitespace',
    ...ofLanguage,
    removeStopWords: false,
    asciiFolding: true,
    lowercase: true,
    withPosition: true,
    maxTokenLength: 255,
  });
};

/**
 * Whether a term of a language is kept, by stemmer and term. Whether it is a stop word never changes, and to ask the
 * engine costs a query as much as a short search.
 */
const kept = new LRUCache<string, boolean>({ max: 20_000 });

/** Without the words of a language that say nothing by themselves; with all of them when that is all there is. */
export const withoutStopWords = async (terms: readonly string[], language: string | null): Promise<string[]> => {
  const stemmer = stemmerOf(language);
  if (stemmer === undefined || terms.length === 0) return [...terms];
  const keyOf = (term: string): string => `${stemmer} ${term}`;
  const found = new Map(terms.map((term) => [term, kept.get(keyOf(term))]));
  const unknown = [...found].filter(([, isKept]) => isKept === undefined).map(([term]) => term);
  if (unknown.length > 0) {
    const options = { baseTokenizer: 'whitespace', language: stemmer, stem: false, removeStopWords: true, lowercase: false, asciiFolding: false } as const;
    const left = new Set((await tokenize(unknown.join(' '), { ...options, maxTokenLength: 255 })).map(({ text }) => text));
    for (const term of unknown) {
      found.set(term, left.has(term));
      kept.set(keyOf(term), left.has(term));
    }
  }
  const rest = terms.filter((term) => found.get(term));
  return rest.length === 0 ? [...terms] : rest;
};
