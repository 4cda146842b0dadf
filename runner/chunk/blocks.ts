/** A piece of a text by its offsets, UTF-16 code units, end exclusive. */
export interface Span {
  start: number;
  end: number;
}

export interface Block extends Span {
  /** Level of a Markdown heading, 1 to 6. */
  heading?: number;
}

/** Backticks after the opening ones make it inline code (CommonMark 4.5); only blanks may follow the closing ones. */
const openingFence = /^ {0,3}(?:(`{3,})[^`]*|(~{3,}).*)$/;
const closingFence = /^ {0,3}(`{3,}|~{3,})\s*$/;
const headingLine = /^ {0,3}(#{1,6})\s+\S/;

/**
 * A text as paragraphs; in Markdown also headings and whole code blocks. Blocks are in order, do not overlap, and
 * leave out only blank lines.
 */
export const splitBlocks = (text: string, markdown: boolean): Block[] => {
  const blocks: Block[] = [];
  let open: Block | undefined;
  let fenceMark: string | undefined;
  const close = () => {
    if (open !== undefined) blocks.push(open);
    open = undefined;
  };
  for (const match of text.matchAll(/[^\r\n]*(?:\r\n|\r|\n|$)/g)) {
    const [line] = match;
    if (line === '') continue;
    const start = match.index;
    const end = start + line.trimEnd().length;
    if (fenceMark !== undefined) {
      if (open !== undefined && end > start) open.end = end;
      if (closingFence.exec(line)?.[1]?.startsWith(fenceMark)) {
        fenceMark = undefined;
        close();
      }
      continue;
    }
    if (line.trim() === '') {
      close();
      continue;
    }
    const [, backticks, tildes] = (markdown && openingFence.exec(line.trimEnd())) || [];
    const mark = backticks ?? tildes;
    const heading = markdown && mark === undefined ? headingLine.exec(line)?.[1]?.length : undefined;
    if (heading !== undefined || mark !== undefined) close();
    if (mark !== undefined) fenceMark = mark;
    if (open === undefined) open = { start, end, ...(heading === undefined ? {} : { heading }) };
    else open.end = end;
    if (heading !== undefined) close();
  }
  close();
  return blocks;
};
