/** Letters of scripts without spaces between words: about one token each in the common tokenizers. */
const dense = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/gu;
const charsPerToken = 4;

export const countDense = (text: string): number => text.match(dense)?.length ?? 0;

/** A stated estimate: one token per letter of a dense script, else one per four characters. */
export const tokensOf = (chars: number, denseLetters: number): number => denseLetters + Math.ceil((chars - denseLetters) / charsPerToken);

export const estimateTokens = (text: string): number => tokensOf(text.length, countDense(text));
