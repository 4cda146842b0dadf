import type { Block } from '../chunk/blocks.ts';
import type { PdfLine } from './pdf-lines.ts';

/** What the pages so far have shown; each page adds to it. */
export interface SeenSoFar {
  /** Words in lower case, those with hyphens too. */
  words: Set<string>;
  /** How many characters stand in letters of each height, in tenths of a point. */
  heights: Map<number, number>;
}

const tenths = (height: number): number => Math.round(height * 10);

const hyphenEnd = /[-\u00ad\u2010]$/;
const withoutBrokenWord = (text: string): string => (hyphenEnd.test(text) ? text.slice(0, text.lastIndexOf(' ') + 1) : text);

const look = (lines: readonly PdfLine[], { words, heights }: SeenSoFar): void => {
  for (const { text, height } of lines) {
    heights.set(tenths(height), (heights.get(tenths(height)) ?? 0) + text.length);
    for (const [word] of withoutBrokenWord(text)
      .toLowerCase()
      .matchAll(/\p{L}+(?:-\p{L}+)*/gu))
      words.add(word);
  }
};

const mostUsed = (heights: ReadonlyMap<number, number>): number => [...heights].reduce((most, entry) => (entry[1] > most[1] ? entry : most), [0, 0])[0] / 10;

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

/** From one line's base line down to the next, as most lines of the page have it. */
const spacingOf = (lines: readonly PdfLine[]): number =>
  median(lines.slice(1).flatMap(({ y }, index) => ((lines[index]?.y ?? y) > y ? [(lines[index]?.y ?? y) - y] : [])));

const isNewParagraph = (line: PdfLine, next: PdfLine, spacing: number): boolean => {
  const down = line.y - next.y;
  const larger = Math.max(line.height, next.height);
  if (larger > 1.15 * Math.min(line.height, next.height) || down < -0.5 * larger) return true;
  // A title of several lines has more between them than most lines of the page.
  return down > Math.min(3 * larger, larger > spacing ? 1.6 * larger : 1.3 * spacing);
};

const paragraphsOf = (lines: readonly PdfLine[]): PdfLine[][] => {
  const spacing = spacingOf(lines);
  const paragraphs: PdfLine[][] = [];
  lines.forEach((line, index) => {
    const before = lines[index - 1];
    if (before === undefined || isNewParagraph(before, line, spacing)) paragraphs.push([line]);
    else paragraphs.at(-1)?.push(line);
  });
  return paragraphs;
};

/** The letters before a hyphen, and those that go on in the next line. */
const hyphenated = /(\p{L}[\p{L}-]*)[-\u00ad\u2010]$/u;
const wordChars = 64;
const spaceless = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]$/u;
/** In a table of contents. */
const dottedToPage = /(?:[._·…]\s?){3}\s*\w{1,6}$/;

/** Whether the next line's first word would have had room: then its author, not the margin, has ended the line. */
const endedByAuthor = (line: PdfLine, next: PdfLine, right: number): boolean => {
  const [first = ''] = /^\S+/.exec(next.text) ?? [];
  const blank = next.height / 4;
  return dottedToPage.test(line.text.slice(-wordChars)) || right - line.right > blank + ((next.right - next.x) * first.length) / Math.max(next.text.length, 1);
};

/**
 * Whether a hyphen at a line's end belongs to the word: others in it do, what follows begins a name or a number, or the
 * text so far knows the word so, or only its two halves.
 */
const keepsHyphen = (begun: string, rest: string, words: ReadonlySet<string>): boolean => {
  if (rest === '' || begun.includes('-')) return true;
  const [first, second] = [begun.toLowerCase(), rest.toLowerCase()];
  return !words.has(`${first}${second}`) && (words.has(`${first}-${second}`) || (words.has(first) && words.has(second)));
};

const joined = (text: string, line: PdfLine, next: PdfLine, right: number, words: ReadonlySet<string>): string => {
  const [, begun] = hyphenated.exec(line.text.slice(-wordChars)) ?? [];
  if (begun !== undefined) {
    const [rest = ''] = /^\p{Ll}+/u.exec(next.text.slice(0, wordChars)) ?? [];
    return `${keepsHyphen(begun, rest, words) ? text : text.slice(0, -1)}${next.text}`;
  }
  if (endedByAuthor(line, next, right)) return `${text}\n${next.text}`;
  return spaceless.test(text.at(-1) ?? '') && spaceless.test(next.text.at(0) ?? '') ? `${text}${next.text}` : `${text} ${next.text}`;
};

const textOf = (paragraph: readonly PdfLine[], words: ReadonlySet<string>): string => {
  const right = paragraph.reduce((most, line) => Math.max(most, line.right), 0);
  return paragraph.reduce((text, next, index) => {
    const line = paragraph[index - 1];
    return line === undefined ? next.text : joined(text, line, next, right, words);
  }, '');
};

const maxHeadingChars = 200;

/** By how much larger its letters are than those of most of the text so far. */
const headingOf = (text: string, paragraph: readonly PdfLine[], body: number): Block['heading'] => {
  const height = Math.max(...paragraph.map((line) => line.height));
  if (
    text.length > maxHeadingChars ||
    !/\p{L}{2}/u.test(text) ||
    dottedToPage.test(text.slice(-wordChars)) ||
    height < 1.15 * body ||
    paragraph.some(({ upright }) => !upright)
  )
    return undefined;
  return height >= 1.6 * body ? 1 : height >= 1.3 * body ? 2 : 3;
};

/**
 * A page's lines as flowing text: lines that the margin has broken are one, words broken by a hyphen are whole, and a
 * larger gap, another column or another size of letters begins a paragraph.
 * @param seen is added to
 */
export const pageText = (lines: readonly PdfLine[], seen: SeenSoFar): { text: string; blocks: Block[] } => {
  look(lines, seen);
  const body = mostUsed(seen.heights);
  let text = '';
  const blocks: Block[] = [];
  for (const paragraph of paragraphsOf(lines)) {
    if (text !== '') text += '\n\n';
    const start = text.length;
    text += textOf(paragraph, seen.words);
    const heading = headingOf(text.slice(start), paragraph, body);
    blocks.push({ start, end: text.length, ...(heading === undefined ? {} : { heading }) });
  }
  return { text, blocks };
};
