import type { Chunking } from '../../shared/events.ts';
import { limits } from '../../shared/limits.ts';
import { type Block, type Span, splitBlocks } from './blocks.ts';
import { type HeadingPath, sectionsOf } from './sections.ts';
import { countDense, estimateTokens, tokensOf } from './tokens.ts';

export interface Chunk extends Span {
  /** The document's title and the headings above the chunk, outermost first: context for the embedding, not part of the text. */
  headings: string[];
  /** The page that it stands on, from 1. */
  page?: number;
}

/** A stretch of a document's text that no chunk leaves: a page, or the whole. */
export interface Part {
  text: string;
  /** Whether the text is Markdown, as far as is known. */
  markdown?: boolean;
  /** Headings and paragraphs, where the format has told them apart. */
  blocks?: readonly Block[];
  page?: number;
}

const sentences = new Intl.Segmenter(undefined, { granularity: 'sentence' });
const words = new Intl.Segmenter(undefined, { granularity: 'word' });
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Unicode's prepended signs (from Arabic on) belong to what follows them, but words and sentences may end behind one. */
const firstPrepended = 0x600;
const bindsToNext = (text: string, at: number): boolean =>
  text.charCodeAt(at - 1) >= firstPrepended && Array.from(graphemes.segment(`${Array.from(text.slice(Math.max(0, at - 2), at)).at(-1)}x`)).length === 1;

type Splitter = (text: string, span: Span) => Span[];

const byLine: Splitter = (text, { start, end }) =>
  Array.from(text.slice(start, end).matchAll(/[^\n]*\n|[^\n]+$/g), ({ index, 0: line }) => ({ start: start + index, end: start + index + line.length }));

/** @param rewritten what the segmenter is shown instead, of the same length */
const segments = (segmenter: Intl.Segmenter, text: string, { start, end }: Span, rewritten = text.slice(start, end)): Span[] => {
  const spans: Span[] = [];
  for (const { index, segment } of segmenter.segment(rewritten)) {
    const before = spans.at(-1);
    const next = start + index + segment.length;
    if (before !== undefined && bindsToNext(text, before.end)) before.end = next;
    else spans.push({ start: start + index, end: next });
  }
  return spans;
};

const trimmed = (text: string, { start, end }: Span): Span => {
  const piece = text.slice(start, end);
  return { start: start + (piece.length - piece.trimStart().length), end: start + piece.trimEnd().length };
};

/** Unicode ends a sentence at every line break; in a paragraph that was wrapped by hand it goes on. */
const bySentence: Splitter = (text, span) => segments(sentences, text, span, text.slice(span.start, span.end).replace(/[\r\n]/g, ' '));
const byWord: Splitter = (text, span) => segments(words, text, span);
const byGrapheme: Splitter = (text, span) => segments(graphemes, text, span);

/** Coarsest first. Code and tables have lines, not sentences. */
const proseSplitters = [bySentence, byLine, byWord, byGrapheme];
const lineSplitters = [byLine, byWord, byGrapheme];

/** A block as pieces that each fit, without the white space around them: whole, else cut no finer than it takes. */
const pieces = (text: string, block: Block, maxTokens: number): Span[] => {
  let fitting: Span[] = [block];
  for (const split of block.verbatim === true ? lineSplitters : proseSplitters) {
    fitting = fitting.flatMap((piece) => (estimateTokens(text.slice(piece.start, piece.end)) <= maxTokens ? [piece] : split(text, piece)));
  }
  return fitting.map((piece) => trimmed(text, piece)).filter(({ start, end }) => start < end);
};

/** Tokens of the text from the start of one part to the end of the part before another, with what stands between them. */
const tokensBetween = (text: string, parts: readonly Span[]): ((first: number, next: number) => number) => {
  const before: number[] = [];
  const after: number[] = [];
  let counted = parts[0]?.start ?? 0;
  let dense = 0;
  if (countDense(text.slice(counted, parts.at(-1)?.end)) === 0) return (first, next) => tokensOf((parts[next - 1]?.end ?? 0) - (parts[first]?.start ?? 0), 0);
  for (const { start, end } of parts) {
    dense += countDense(text.slice(counted, start));
    before.push(dense);
    dense += countDense(text.slice(start, end));
    after.push(dense);
    counted = end;
  }
  return (first, next) => tokensOf((parts[next - 1]?.end ?? 0) - (parts[first]?.start ?? 0), (after[next - 1] ?? 0) - (before[first] ?? 0));
};

/**
 * Packs pieces into chunks of at most `maxTokens`; each begins with as much of the end of the one before as
 * `overlapTokens` allows and as leaves room for something new.
 */
const pack = (text: string, parts: readonly Span[], maxTokens: number, overlapTokens: number): Span[] => {
  const tokens = tokensBetween(text, parts);
  const chunks: Span[] = [];
  let first = 0;
  for (let next = 1; next <= parts.length; next++) {
    while (next < parts.length && tokens(first, next + 1) <= maxTokens) next++;
    chunks.push({ start: parts[first]?.start ?? 0, end: parts[next - 1]?.end ?? 0 });
    let back = next;
    while (back - 1 > first && tokens(back - 1, next) <= overlapTokens && tokens(back - 1, next + 1) <= maxTokens) back--;
    first = back;
  }
  return chunks;
};

/** More would repeat the text many times over: at one token less than a chunk, each chunk adds a token and repeats all others. */
const maxOverlapShare = 0.5;

const defaultOverlap = (maxTokens: number): number => Math.min(limits.chunkOverlapTokens, Math.floor(maxTokens / 4));

/**
 * Cuts a document, part after part, into chunks whose offsets in the whole text reproduce them exactly. Never through a
 * surrogate pair or a grapheme; through a sentence or a code block only when it alone is too long. Headings hold until
 * the next of their level, also across parts.
 * @param title stands above all headings
 */
export const createChunker = (chunking: Chunking, title?: string): ((part: Part) => Chunk[]) => {
  const { strategy = 'auto', max_tokens = limits.chunkTokens, overlap_tokens = defaultOverlap(max_tokens) } = chunking;
  const overlap = Math.min(overlap_tokens, Math.floor(max_tokens * maxOverlapShare));
  let path: HeadingPath = [];
  let offset = 0;

  const blocksOf = ({ text, markdown = false, blocks }: Part): readonly Block[] =>
    (strategy === 'auto' ? blocks : undefined) ?? splitBlocks(text, strategy === 'markdown' || (strategy === 'auto' && markdown));

  const spansOf = (part: Part): { span: Span; headings: string[] }[] => {
    const { text } = part;
    const whole = trimmed(text, { start: 0, end: text.length });
    if (whole.start >= whole.end) return [];
    if (strategy === 'none') return [{ span: whole, headings: title === undefined ? [] : [title] }];
    const cut = sectionsOf(text, blocksOf(part), path, title);
    path = cut.path;
    return cut.sections.flatMap(({ headings, blocks }) => {
      const fitting = blocks.flatMap((block) => pieces(text, block, max_tokens));
      return pack(text, fitting, max_tokens, overlap).map((span) => ({ span, headings }));
    });
  };

  return (part) => {
    const before = offset;
    offset += part.text.length;
    return spansOf(part).map(({ span: { start, end }, headings }) => ({
      ...{ start: before + start, end: before + end, headings },
      ...(part.page === undefined ? {} : { page: part.page }),
    }));
  };
};
