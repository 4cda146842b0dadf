/** Scripts that decide a language by themselves, as far as the text index cares. */
const scripts: readonly { language: string; pattern: RegExp }[] = [
  { language: 'ja', pattern: /\p{Script=Hiragana}|\p{Script=Katakana}/gu },
  { language: 'zh', pattern: /\p{Script=Han}/gu },
  { language: 'ko', pattern: /\p{Script=Hangul}/gu },
  { language: 'th', pattern: /\p{Script=Thai}/gu },
  { language: 'ru', pattern: /\p{Script=Cyrillic}/gu },
];
const sampleChars = 20_000;
/** Japanese mixes kana into Han text; a tenth of the letters is enough to tell. */
const share = 0.1;

/** The language of a space whose owner did not say, from its first texts: by script; what is written in Latin letters counts as English. */
export const detectLanguage = (texts: readonly string[]): string => {
  let sample = '';
  for (const text of texts) {
    if (sample.length >= sampleChars) break;
    sample += text.slice(0, sampleChars - sample.length);
  }
  const letters = sample.match(/\p{L}/gu)?.length ?? 0;
  const found = scripts.find(({ pattern }) => (sample.match(pattern)?.length ?? 0) > letters * share);
  return found?.language ?? 'en';
};
