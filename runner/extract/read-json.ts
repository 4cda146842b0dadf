import type { Block } from '../chunk/blocks.ts';
import { tidyTitle } from '../chunk/sections.ts';
import { ExtractError } from './extract-error.ts';
import type { Extracted } from './source.ts';

/** Levels of nesting; more are no document, and each line repeats the names of all levels above it. */
const maxDepth = 100;

const isScalar = (value: unknown): boolean => value === null || typeof value !== 'object';
const entriesOf = (value: object): [key: string, value: unknown][] =>
  Array.isArray(value) ? value.map((item, index) => [`[${index}]`, item]) : Object.entries(value);
const joined = (path: string, key: string): string => (path === '' || key.startsWith('[') ? `${path}${key}` : `${path}.${key}`);

/** The values of a JSON document, one a line, each with the names above it: `address.city: Paris`. */
function* linesOf(path: string, value: unknown, depth: number): Generator<string> {
  if (depth > maxDepth) throw new ExtractError('nexus.validation_failed', `The JSON is nested deeper than ${maxDepth} levels.`);
  if (value === null || value === '') return;
  if (isScalar(value)) yield path === '' ? String(value) : `${path}: ${value}`;
  else if (Array.isArray(value) && value.every(isScalar)) yield* linesOf(path, value.filter((item) => item !== null).join(', '), depth);
  else for (const [key, inner] of entriesOf(value as object)) yield* linesOf(joined(path, key), inner, depth + 1);
}

/**
 * JSON as lines of text, which search and people can read: strings without their escapes, names before values. Each item
 * of the outermost list or object that has several lines is a paragraph.
 */
export const extractJson = (value: object): Extracted => {
  let text = '';
  const blocks: Block[] = [];
  let before = 0;
  for (const [key, inner] of entriesOf(value)) {
    const lines = [...linesOf(Array.isArray(value) ? '' : key, inner, 1)];
    if (lines.length === 0) continue;
    const isParagraph = lines.length > 1 || Array.isArray(value);
    if (text !== '') text += isParagraph || before > 1 ? '\n\n' : '\n';
    const start = text.length;
    text += lines.join('\n');
    const last = blocks.at(-1);
    if (last === undefined || isParagraph || before > 1) blocks.push({ start, end: text.length, verbatim: true });
    else last.end = text.length;
    before = isParagraph ? Math.max(lines.length, 2) : 1;
  }
  return { parts: [{ text, blocks }], ...('title' in value && typeof value.title === 'string' ? { title: tidyTitle(value.title) } : {}) };
};
