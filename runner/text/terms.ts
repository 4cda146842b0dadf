import type { Span } from '../chunk/blocks.ts';

/** A word, or a part of one, as the text index knows it, and where it stands. */
export interface Term extends Span {
  term: string;
  /** A single sign of a longer run: it finds, but says too little to be shown as found. */
  isPart: boolean;
}

/** A letter or digit, with the marks and joiners that belong to it. */
const word = /[\p{L}\p{N}][\p{L}\p{M}\p{N}\u200c\u200d]*/gu;

/**
 * Scripts that put no spaces between words, or (Hangul) hang particles on them: indexed by single signs and by pairs, which
 * need no dictionary, so that what was written by one version of it is found by the next.
 */
const pairedRun = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}々〆ーﾞﾟ\u3099\u309a]+/gu;
/** A sign, with the half-width and combining voicing marks behind it. */
const sign = /.[ﾞﾟ\u3099\u309a]*/gsu;

/** Scripts without spaces whose signs say little in pairs: cut by a dictionary. */
const dictionaryScript = /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const dictionary = new Intl.Segmenter('th', { granularity: 'word' });

/** The dot of a lower-cased İ, Hebrew points, Arabic vowel signs and lengthening: often left out, so never told apart. */
const unwritten = /[\u0307\u0591-\u05c7\u064b-\u065f\u0670\u0640]/g;
/** Compatibility forms may hold signs that are no letters. */
const noLetter = /[^\p{L}\p{M}\p{N}]+/gu;
/** Longer words are told apart by their beginnings. UTF-16 code units. */
const termChars = 60;

const normal = (text: string): string => text.normalize('NFKC').toLowerCase().replace(unwritten, '').replace(noLetter, '').slice(0, termChars).toWellFormed();

function* plainTerm(text: string, start: number): Generator<Term> {
  const term = normal(text);
  if (term !== '') yield { term, start, end: start + text.length, isPart: false };
}

function* pairedTerms(run: string, offset: number): Generator<Term> {
  const placed = Array.from(run.matchAll(sign), (match) => ({
    term: normal(match[0]),
    start: offset + match.index,
    end: offset + match.index + match[0].length,
  }));
  for (const [index, one] of placed.entries()) {
    if (one.term !== '') yield { ...one, isPart: placed.length > 1 };
    const next = placed[index + 1];
    if (next !== undefined) yield { term: one.term + next.term, start: one.start, end: next.end, isPart: false };
  }
}

function* termsOfWord(text: string, start: number): Generator<Term> {
  if (dictionaryScript.test(text)) {
    for (const { segment, index, isWordLike } of dictionary.segment(text)) if (isWordLike) yield* plainTerm(segment, start + index);
    return;
  }
  let at = 0;
  for (const { 0: run, index } of text.matchAll(pairedRun)) {
    yield* plainTerm(text.slice(at, index), start + at);
    yield* pairedTerms(run, start + index);
    at = index + run.length;
  }
  yield* plainTerm(text.slice(at), start + at);
}

/**
 * A text as the terms by which it is found, in order, whatever its language and however languages are mixed in it. The
 * engine stems them and folds accents; nothing is left out, so that phrases and stop words can be found too.
 * Offsets are UTF-16 code units of the text.
 */
export function* termsOf(text: string): Generator<Term> {
  for (const { 0: found, index } of text.matchAll(word)) yield* termsOfWord(found, index);
}

/**
 * What the index holds of a passage: its own terms, and those of the titles above it that it does not repeat itself.
 * @returns terms between spaces
 */
export const indexedTerms = (text: string, titles: readonly string[]): string => {
  const added = titles.filter((title) => !text.includes(title));
  return [...added, text].flatMap((part) => Array.from(termsOf(part), ({ term }) => term)).join(' ');
};
