import stopWords from 'stopwords-iso' with { type: 'json' };
import { detectLanguage } from '../../text/detect-language.ts';

const lists = stopWords as Record<string, string[]>;
/** As the lists call it. */
const listNames: Record<string, string> = { nb: 'no', nn: 'no' };

/** Words that say nothing about texts by themselves: the stop words of their language. */
export const silentWords = (texts: readonly string[]): ReadonlySet<string> => {
  const language = detectLanguage(texts);
  return new Set(lists[listNames[language] ?? language]);
};
