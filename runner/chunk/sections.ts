import type { Block } from './blocks.ts';

/** Headings that hold, outermost first. */
export type HeadingPath = readonly { level: number; title: string }[];

/** Headings, with the blocks below the innermost of them. */
export interface Section {
  headings: string[];
  blocks: Block[];
}

/** A title goes into the embedding of every chunk below it: a "title" of megabytes must not. UTF-16 code units. */
const maxTitleChars = 256;

/** One line, without blanks at its ends, and bounded. */
export const tidyTitle = (title: string): string =>
  title
    .slice(0, 4 * maxTitleChars)
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, maxTitleChars)
    .toWellFormed()
    .trimEnd();

/** Without the `#`s around it and the line below it. */
const markdownTitle = (text: string): string => {
  const title = text.trimStart().replace(/^#+/, '').trim();
  let last = title.length;
  while (title[last - 1] === '#') last--;
  return title.slice(0, last);
};

const titleOf = (text: string, { start, end, underline }: Block): string => {
  const written = text.slice(start, underline ?? end);
  return tidyTitle(written.trimStart().startsWith('#') ? markdownTitle(written) : written);
};

const isSame = (one: string | undefined, other: string): boolean => one?.toLowerCase() === other.toLowerCase();

/**
 * Blocks by the headings above them.
 * @param before headings that hold where the text begins
 * @param title of the document; not said again where it is also the outermost heading
 */
export const sectionsOf = (
  text: string,
  blocks: readonly Block[],
  before: HeadingPath,
  title: string | undefined,
): { sections: Section[]; path: HeadingPath } => {
  const sections: Section[] = [];
  let path = before;
  let current: Section | undefined;
  for (const block of blocks) {
    if (block.heading !== undefined) {
      const level = block.heading;
      path = [...path.filter((above) => above.level < level), { level, title: titleOf(text, block) }];
      current = undefined;
    }
    if (current === undefined) {
      const headings = path.map(({ title }) => title);
      current = { headings: title === undefined || isSame(headings[0], title) ? headings : [title, ...headings], blocks: [] };
      sections.push(current);
    }
    current.blocks.push(block);
  }
  return { sections, path };
};
