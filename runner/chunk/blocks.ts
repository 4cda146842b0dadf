/** A piece of a text by its offsets, UTF-16 code units, end exclusive. */
export interface Span {
  start: number;
  end: number;
}

export interface Block extends Span {
  /** Level of a heading, 1 to 6. */
  heading?: number;
  /** Where the line of `=` or `-` begins that makes a Markdown paragraph a heading. */
  underline?: number;
  /** Code or a table: its lines say what belongs together. */
  verbatim?: true;
}

/** Backticks after the opening ones make it inline code (CommonMark 4.5); only blanks may follow the closing ones. */
const openingFence = /^ {0,3}(?:(`{3,})[^`]*|(~{3,}).*)$/;
const closingFence = /^ {0,3}(`{3,}|~{3,})\s*$/;
const headingLine = /^ {0,3}(#{1,6})\s+\S/;
/** Below one line of text it makes that line a heading (CommonMark 4.3). */
const underlineLine = /^ {0,3}(?:(=+)|-+)\s*$/;
const tableRow = /^ {0,3}\|/;

/** Longer "titles" are paragraphs, UTF-16 code units. */
const maxUnderlinedChars = 1024;
/** List items, quotes and tables; two lines of dashes are front matter or a rule. */
const notUnderlined = /^\s*(?:[-*+>|]|\d+[.)]\s)|[\r\n]/;

/** Whether a paragraph becomes a heading by a line below it. */
const canBeUnderlined = (text: string, { start, end, verbatim }: Block): boolean =>
  verbatim !== true && end - start <= maxUnderlinedChars && !notUnderlined.test(text.slice(start, end));

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
    const underline = markdown ? underlineLine.exec(line) : null;
    if (underline !== null && open !== undefined && canBeUnderlined(text, open)) {
      open = { ...open, end, heading: underline[1] === undefined ? 2 : 1, underline: start };
      close();
      continue;
    }
    const [, backticks, tildes] = (markdown && openingFence.exec(line.trimEnd())) || [];
    const mark = backticks ?? tildes;
    const heading = markdown && mark === undefined ? headingLine.exec(line)?.[1]?.length : undefined;
    if (heading !== undefined || mark !== undefined) close();
    if (mark !== undefined) fenceMark = mark;
    if (open === undefined) {
      const verbatim = mark !== undefined || (markdown && tableRow.test(line));
      open = { start, end, ...(heading === undefined ? {} : { heading }), ...(verbatim ? { verbatim } : {}) };
    } else open.end = end;
    if (heading !== undefined) close();
  }
  close();
  return blocks;
};
