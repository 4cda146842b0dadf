import { Index } from '@lancedb/lancedb';

/** Languages for which the engine has a stemmer and stop words, by ISO 639 code. */
const stemmed: Record<string, string> = {
  da: 'Danish',
  de: 'German',
  en: 'English',
  es: 'Spanish',
  fi: 'Finnish',
  fr: 'French',
  hu: 'Hungarian',
  it: 'Italian',
  nl: 'Dutch',
  no: 'Norwegian',
  pt: 'Portuguese',
  ru: 'Russian',
  sv: 'Swedish',
};

/**
 * The text index for a language: stemming where there is a stemmer; dictionary segmentation (ICU) elsewhere, without
 * which scripts that put no spaces between words are not searchable. Index objects are single-use.
 */
export const textIndexFor = (language: string | null) => {
  const name = stemmed[language ?? 'en'];
  return name === undefined
    ? Index.fts({ baseTokenizer: 'icu', stem: false, removeStopWords: false, asciiFolding: true, lowercase: true })
    : Index.fts({ baseTokenizer: 'simple', language: name, stem: true, removeStopWords: true, asciiFolding: true, lowercase: true });
};
