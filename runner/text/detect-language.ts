import { francAll } from 'franc';

interface Writing {
  script: RegExp;
  /** What is written in it, unless something else is likelier by far. ISO 639-1. */
  language: string;
  /** What else may be, as far as text search treats it differently. ISO 639-3, as the detector names them. */
  others?: readonly string[];
  /** A letter says as much as so many of an alphabet. */
  weight?: number;
}

/** The Latin languages with a stemmer, and the larger ones without. */
const latin = 'eng deu fra spa ita por nld swe nob dan fin hun ron tur pol ces vie ind'.split(' ');

const writings: readonly Writing[] = [
  { script: /\p{Script=Latin}/gu, language: 'en', others: latin },
  { script: /\p{Script=Cyrillic}/gu, language: 'ru', others: ['rus', 'ukr', 'bul', 'srp', 'bel', 'mkd', 'kaz'] },
  { script: /\p{Script=Greek}/gu, language: 'el' },
  { script: /\p{Script=Arabic}/gu, language: 'ar', others: ['arb', 'pes', 'urd'] },
  { script: /\p{Script=Hebrew}/gu, language: 'he' },
  { script: /\p{Script=Devanagari}/gu, language: 'hi', others: ['hin', 'mar', 'nep'] },
  { script: /\p{Script=Tamil}/gu, language: 'ta' },
  { script: /\p{Script=Thai}/gu, language: 'th' },
  { script: /\p{Script=Hangul}/gu, language: 'ko', weight: 3 },
  { script: /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu, language: 'zh', weight: 3 },
];
const kana = /[\p{Script=Hiragana}\p{Script=Katakana}]/gu;
/** Japanese is Han signs with kana among them; a tenth tells it from Chinese with a name in it. */
const kanaShare = 0.1;

const sampleChars = 20_000;
/** Trigrams of less than this are chance. Letters. */
const enoughLetters = 20;
/** From here on the likeliest language is taken, however near the next is (Danish and Norwegian): letters. */
const plentyLetters = 400;
/** Below that another language than the usual one has to be this much likelier than the usual one. */
const clearly = 0.9;

const sampleOf = (texts: Iterable<string>): string => {
  let sample = '';
  for (const text of texts) {
    if (sample.length >= sampleChars) break;
    sample += `${text.slice(0, sampleChars - sample.length)}\n`;
  }
  return sample;
};

const shortCode = (code: string): string => new Intl.Locale(code).language;

/** The language of a space whose owner did not say, by its first texts. ISO 639-1 where there is such a code. */
export const detectLanguage = (texts: Iterable<string>): string => {
  const sample = sampleOf(texts);
  const count = (pattern: RegExp): number => sample.match(pattern)?.length ?? 0;
  const [main] = writings
    .map((writing) => ({ ...writing, letters: count(writing.script) }))
    .sort((a, b) => b.letters * (b.weight ?? 1) - a.letters * (a.weight ?? 1));
  if (main === undefined || main.letters === 0) return 'en';
  const { letters, others } = main;
  const language = main.language === 'zh' && count(kana) > letters * kanaShare ? 'ja' : main.language;
  if (others === undefined || letters < enoughLetters) return language;
  const [best, ...rest] = francAll(sample, { only: [...others] });
  if (best === undefined || best[0] === 'und') return language;
  const usual = rest.find(([code]) => shortCode(code) === language)?.[1] ?? 0;
  return usual > clearly && letters < plentyLetters ? language : shortCode(best[0]);
};
