import type { Chunking } from '../../shared/events.ts';
import { limits } from '../../shared/limits.ts';
import { type Block, type Span, splitBlocks } from './blocks.ts';
import { countDense, estimateTokens, tokensOf } from './tokens.ts';

export interface Chunk extends Span {
  /** Headings above the chunk, outermost first: context for the embedding, not part of the text. */
  headings: string[];
}

/** Headings, each with the blocks below it. */
interface Section {
  headings: string[];
  blocks: Span[];
}

/** A title goes into the embedding of every chunk below it: a "title" of megabytes must not. UTF-16 code units. */
const maxTitleChars = 256;

const titleOf = (text: string, { start, end }: Span): string => {
  const title = text.slice(start, end).trimStart().replace(/^#+/, '').trim();
  let last = title.length;
  while (title[last - 1] === '#') last--;
  return title.slice(0, last).trimEnd().slice(0, maxTitleChars).toWellFormed();
};

const sectionsOf = (text: string, blocks: readonly Block[]): Section[] => {
  const sections: Section[] = [];
  let path: { level: number; title: string }[] = [];
  let current: Section | undefined;
  for (const block of blocks) {
    if (block.heading !== undefined) {
      const level = block.heading;
      path = [...path.filter((above) => above.level < level), { level, title: titleOf(text, block) }];
      current = undefined;
    }
    if (current === undefined) {
      current = { headings: path.map(({ title }) => title), blocks: [] };
      sections.push(current);
    }
    current.blocks.push(block);
  }
  return sections;
};

const sentences = new Intl.Segmenter(undefined, { granularity: 'sentence' });
const words = new Intl.Segmenter(undefined, { granularity: 'word' });
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Unicode's prepended signs (from Arabic on) belong to what follows them, but words and sentences may end behind one. */
const firstPrepended = 0x600;
const bindsToNext = (text: string, at: number): boolean =>
  text.charCodeAt(at - 1) >= firstPrepended && Array.from(graphemes.segment(`${Array.from(text.slice(Math.max(0, at - 2), at)).at(-1)}x`)).length === 1;

const segments = (segmenter: Intl.Segmenter, text: string, { start, end }: Span): Span[] => {
  const spans: Span[] = [];
  for (const { index, segment } of segmenter.segment(text.slice(start, end))) {
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

/** A block as pieces that each fit, without the white space around them: whole, else by sentence, by word, and at last by grapheme. */
const pieces = (text: string, span: Span, maxTokens: number): Span[] => {
  let fitting = [span];
  for (const segmenter of [sentences, words, graphemes]) {
    fitting = fitting.flatMap((piece) => (estimateTokens(text.slice(piece.start, piece.end)) <= maxTokens ? [piece] : segments(segmenter, text, piece)));
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

/**
 * Cuts a text into chunks whose offsets reproduce them exactly. Never through a surrogate pair or a grapheme; through
 * a sentence or a code block only when it alone is too long.
 */
export const chunkText = (
  text: string,
  { strategy = 'auto', max_tokens = limits.chunkTokens, overlap_tokens = Math.min(limits.chunkOverlapTokens, Math.floor(max_tokens / 4)) }: Chunking,
  markdown: boolean,
): Chunk[] => {
  const whole = trimmed(text, { start: 0, end: text.length });
  if (whole.start >= whole.end) return [];
  if (strategy === 'none') return [{ ...whole, headings: [] }];
  const asMarkdown = strategy === 'markdown' || (strategy === 'auto' && markdown);
  return sectionsOf(text, splitBlocks(text, asMarkdown)).flatMap(({ headings, blocks }) =>
    pack(
      text,
      blocks.flatMap((block) => pieces(text, block, max_tokens)),
      max_tokens,
      Math.min(overlap_tokens, Math.floor(max_tokens * maxOverlapShare)),
    ).map((span) => ({ ...span, headings })),
  );
};
