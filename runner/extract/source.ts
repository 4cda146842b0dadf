import type { Part } from '../chunk/chunk-text.ts';

/** What is to be read: a text, or a file's bytes with what its sender says of them. */
export type Source = { text: string } | { bytes: Uint8Array; mediaType: string; name: string };

/** A document as its format gives it: what stands above all headings, and its text, part after part. */
export interface Extracted {
  title?: string;
  parts: AsyncIterable<Part> | Iterable<Part>;
}

/** What a sender says of a file: hints, where the bytes leave something open. */
export interface Hints {
  format: 'markdown' | 'html' | 'json' | undefined;
  charset: string | undefined;
}

const byMediaType: Record<string, Hints['format']> = {
  'text/markdown': 'markdown',
  'text/x-markdown': 'markdown',
  'text/html': 'html',
  'application/xhtml+xml': 'html',
  'application/json': 'json',
};
const byExtension: Record<string, Hints['format']> = { md: 'markdown', markdown: 'markdown', html: 'html', htm: 'html', xhtml: 'html', json: 'json' };

/** A table's own entry, whatever a sender writes. */
const lookUp = (table: Record<string, Hints['format']>, name: string): Hints['format'] => (Object.hasOwn(table, name) ? table[name] : undefined);

/** The media type has the first word, the name the second. */
export const hintsOf = (mediaType: string, name: string): Hints => {
  const [type = '', ...parameters] = mediaType.toLowerCase().split(';');
  const charset = parameters.map((parameter) => /^\s*charset\s*=\s*"?([^"\s]+)"?\s*$/.exec(parameter)?.[1]).find((found) => found !== undefined);
  const extension = /\.([a-z]{2,8})$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  return { format: lookUp(byMediaType, type.trim()) ?? lookUp(byExtension, extension), charset };
};
