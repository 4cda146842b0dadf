import type { Block } from '../chunk/blocks.ts';
import type { Part } from '../chunk/chunk-text.ts';

/** What a block of a page is for. Of an `aside` or anything around the `main` part nothing is kept if there is better. */
export type Place = 'main' | 'body' | 'around';

interface FlowBlock {
  text: string;
  place: Place;
  heading?: number;
  verbatim?: true;
}

/** Text that flows in as a parser finds it, with breaks between, and comes out as paragraphs. */
export interface Flow {
  /** Runs of white space become one blank, except in `pre`. */
  text(data: string, place: Place, pre: boolean): void;
  /** The end of a line within a paragraph, if it has one. */
  line(): void;
  /** The end of a paragraph, if one has begun; what comes next is of this kind. */
  paragraph(kind?: Kind): void;
  row(): void;
  cell(): void;
  /** A new line, with this before its text, if it has any. */
  item(mark: string): void;
  part(): Part;
}

type Kind = Pick<FlowBlock, 'heading' | 'verbatim'>;

/** The main part if there is one, with the page's first headings; else all that is not around it; else everything. */
const kept = (blocks: readonly FlowBlock[]): readonly FlowBlock[] => {
  if (blocks.some(({ place }) => place === 'main')) return blocks.filter(({ place, heading }) => place === 'main' || (place === 'body' && heading === 1));
  const inBody = blocks.filter(({ place }) => place === 'body');
  return inBody.length > 0 ? inBody : blocks;
};

const partOf = (blocks: readonly FlowBlock[]): Part => {
  let text = '';
  const found: Block[] = [];
  for (const { text: block, place: _, ...kind } of blocks) {
    if (text !== '') text += '\n\n';
    found.push({ start: text.length, end: text.length + block.length, ...kind });
    text += block;
  }
  return { text, blocks: found };
};

/** The soft hyphen shows only where a line ends, and words are found without it. */
const tidy = (data: string): string => data.replace(/\u00ad/g, '').replace(/[ \t\n\r\f\u00a0]+/g, ' ');

export const createFlow = (): Flow => {
  const blocks: FlowBlock[] = [];
  let open: FlowBlock = { text: '', place: 'body' };
  let hasText = false;
  let hasRowText = false;
  /** What stands between the text so far and the next. */
  let gap: '' | ' ' | '\n' | ' | ' = '';
  let mark = '';

  const paragraph = (kind: Kind = {}): void => {
    if (hasText) blocks.push({ ...open, text: open.text.replace(/^\s*\n/, '').trimEnd() });
    open = { text: '', place: open.place, ...kind };
    hasText = false;
    hasRowText = false;
    gap = '';
  };
  const line = (): void => {
    if (hasText && gap !== ' | ') gap = '\n';
  };
  const append = (text: string): void => {
    open.text += `${hasText ? gap : ''}${mark}${text}`;
    gap = '';
    mark = '';
  };

  return {
    text(data, place, pre) {
      const text = pre ? data.replace(/\r\n?/g, '\n') : tidy(data);
      const words = text.trim();
      if (words !== '' && place !== open.place) {
        const { text: _, place: __, ...kind } = open;
        paragraph(kind);
        open.place = place;
      }
      if (pre) append(text);
      else if (gap === '' && text.startsWith(' ')) gap = ' ';
      if (words === '') return;
      if (!pre) append(words);
      if (!pre && text.endsWith(' ')) gap = ' ';
      hasText = true;
      hasRowText = true;
    },
    line,
    paragraph,
    row() {
      if (hasText) gap = '\n';
      hasRowText = false;
    },
    cell() {
      if (hasRowText) gap = ' | ';
    },
    item(itemMark) {
      line();
      mark = itemMark;
    },
    part() {
      paragraph();
      return partOf(kept(blocks));
    },
  };
};
