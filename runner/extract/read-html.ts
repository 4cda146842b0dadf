import { Parser } from 'htmlparser2';
import { tidyTitle } from '../chunk/sections.ts';
import { ExtractError } from './extract-error.ts';
import { createFlow, type Place } from './flow.ts';
import { contents, isAround, isMain, isSkipped, paragraphs } from './html-elements.ts';
import type { Extracted } from './source.ts';

/** What holds inside an element: of its own kind, or its parents'. */
interface Inside {
  skip: boolean;
  place: Place;
  pre: boolean;
  /** A table's cell or a list's item: paragraphs in it are lines. */
  cell: boolean;
  item: boolean;
  content: boolean;
}

const outside: Inside = { skip: false, place: 'body', pre: false, cell: false, item: false, content: false };

const placeIn = ({ place, content }: Inside, name: string, attributes: Record<string, string>): Place => {
  if (isMain(name, attributes)) return 'main';
  return !content && place === 'body' && isAround(name, attributes) ? 'around' : place;
};

const inside = (parent: Inside, name: string, attributes: Record<string, string>): Inside => ({
  skip: parent.skip || isSkipped(name, attributes),
  place: placeIn(parent, name, attributes),
  pre: parent.pre || name === 'pre',
  cell: parent.cell || name === 'td' || name === 'th',
  item: parent.item || name === 'li',
  content: parent.content || contents.has(name),
});

/** Open elements. Browsers keep 512; the time that the parser takes grows with the square of their number. */
const maxDepth = 20_000;

const headingLevel = (name: string): number | undefined => (/^h[1-6]$/.test(name) ? Number(name[1]) : undefined);

/**
 * A page → its content: paragraphs, headings, lists, tables and code, without scripts, styles, navigation, and what is
 * hidden. The parser streams; no tree is built.
 * @throws ExtractError for a page that is nested too deep
 */
export const extractHtml = (html: string): Extracted => {
  const flow = createFlow();
  const stack: Inside[] = [outside];
  let title = '';
  let isTitle = false;
  const current = (): Inside => stack.at(-1) ?? outside;

  /** Where an element begins or ends that stands by itself. */
  const edge = (name: string, isStart: boolean, { cell, item }: Inside): void => {
    const heading = headingLevel(name);
    const isVerbatim = name === 'pre' || name === 'table';
    if (heading !== undefined) flow.paragraph(isStart ? { heading } : {});
    else if (name === 'tr') flow.row();
    else if (name === 'td' || name === 'th') flow.cell();
    else if (name === 'li') flow.item(isStart ? '- ' : '');
    else if (name === 'br' || name === 'caption') flow.line();
    else if (isVerbatim && !cell) flow.paragraph(isStart ? { verbatim: true } : {});
    else if (paragraphs.has(name) && !cell && !item) flow.paragraph();
    else if (isVerbatim || paragraphs.has(name)) flow.line();
  };

  const parser = new Parser({
    onopentag(name, attributes) {
      if (stack.length > maxDepth) throw new ExtractError('nexus.validation_failed', `The page is nested deeper than ${maxDepth} levels.`);
      const parent = current();
      const here = inside(parent, name, attributes);
      stack.push(here);
      if (name === 'title') isTitle = title === '';
      if (!here.skip) edge(name, true, parent);
    },
    onclosetag(name) {
      const here = stack.length > 1 ? stack.pop() : undefined;
      if (name === 'title') isTitle = false;
      if (here?.skip === false) edge(name, false, current());
    },
    ontext(data) {
      const { skip, place, pre } = current();
      if (isTitle) title += data;
      else if (!skip) flow.text(data, place, pre);
    },
  });
  parser.end(html);
  const said = tidyTitle(title);
  return { parts: [flow.part()], ...(said === '' ? {} : { title: said }) };
};
