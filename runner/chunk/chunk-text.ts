import type { Chunking } from '../../shared/events.ts';
import { limits } from '../../shared/limits.ts';
import { type Block, type Span, splitBlocks } from './blocks.ts';
import { estimateTokens } from './tokens.ts';

export interface Chunk extends Span {
  /** Headings above the chunk, outermost first: context for the embedding, not part of the text. */
  headings: string[];
}

/** Headings, each with the blocks below it. */
interface Section {
  headings: string[];
  blocks: Span[];
}

const titleOf = (text: string, { start, end }: Span): string =>
  text
    .slice(start, end)
    .replace(/^\s*#+\s*/, '')
    .replace(/\s*#+\s*$/, '')
    .trim();

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

const segments = (segmenter: Intl.Segmenter, text: string, { start, end }: Span): Span[] =>
  Array.from(segmenter.segment(text.slice(start, end)), ({ index, segment }) => ({ start: start + index, end: start + index + segment.length }));

/** A block as pieces that each fit: whole, else by sentence, by word, and at last by grapheme. */
const pieces = (text: string, span: Span, maxTokens: number): Span[] => {
  let fitting = [span];
  for (const segmenter of [sentences, words, graphemes]) {
    fitting = fitting.flatMap((piece) => (estimateTokens(text.slice(piece.start, piece.end)) <= maxTokens ? [piece] : segments(segmenter, text, piece)));
  }
  return fitting;
};

/** Packs pieces into chunks of at most `maxTokens`; each begins with as much of the end of the one before as `overlapTokens` allows. */
const pack = (text: string, parts: readonly Span[], maxTokens: number, overlapTokens: number): Span[] => {
  const tokens = parts.map(({ start, end }) => estimateTokens(text.slice(start, end)));
  const chunks: Span[] = [];
  let first = 0;
  while (first < parts.length) {
    let sum = tokens[first] ?? 0;
    let next = first + 1;
    while (next < parts.length && sum + (tokens[next] ?? 0) <= maxTokens) sum += tokens[next++] ?? 0;
    chunks.push({ start: parts[first]?.start ?? 0, end: parts[next - 1]?.end ?? 0 });
    if (next >= parts.length) break;
    let back = next;
    for (let kept = 0; back - 1 > first && kept + (tokens[back - 1] ?? 0) <= overlapTokens; back--) kept += tokens[back - 1] ?? 0;
    first = back;
  }
  return chunks;
};

const trimmed = (text: string, { start, end }: Span): Span => {
  const piece = text.slice(start, end);
  return { start: start + (piece.length - piece.trimStart().length), end: start + piece.trimEnd().length };
};

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
      Math.min(overlap_tokens, max_tokens - 1),
    )
      .map((span) => trimmed(text, span))
      .filter(({ start, end }) => start < end)
      .map((span) => ({ ...span, headings })),
  );
};
