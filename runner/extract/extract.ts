import { decodeText } from './decode-text.ts';

/** What a document says, as text. Offsets of chunks are UTF-16 code units of `text`. */
export interface Extracted {
  text: string;
  markdown: boolean;
}

/** A document that cannot be read: told to its owner, and no other document fails with it. */
export class ExtractError extends Error {
  override readonly name = 'ExtractError';
  readonly code: 'nexus.unsupported_media_type' | 'nexus.validation_failed';

  constructor(code: ExtractError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

type Kind = 'text' | 'pdf' | 'zip' | 'html' | 'binary';

const startsWith = (bytes: Uint8Array, text: string): boolean => text.split('').every((char, index) => bytes[index] === char.charCodeAt(0));

/** Each comment ends at its first end: if it could end at a later one too, a file of comments would take forever to refuse. */
const htmlStart = /^\s*(<\?xml[^>]*>\s*)?(<!--(?:(?!-->)[\s\S])*-->\s*)*<(!doctype\s+html|html[\s>])/i;

/** Told from the bytes: what a caller says of a file is a hint at most. */
const kindOf = (bytes: Uint8Array, text: string | undefined): Kind => {
  if (startsWith(bytes, '%PDF-')) return 'pdf';
  if (startsWith(bytes, 'PK\u0003\u0004')) return 'zip';
  if (text === undefined) return 'binary';
  return htmlStart.test(text.slice(0, 4096)) ? 'html' : 'text';
};

const refusals: Record<Exclude<Kind, 'text'>, string> = {
  pdf: 'PDF is not read yet. Send the text.',
  zip: 'Office and ZIP files are not read yet. Send the text.',
  html: 'HTML is not read yet. Send the text.',
  binary: 'This is neither text nor a format that is read.',
};

const markdownTypes = new Set(['text/markdown', 'text/x-markdown']);

/** @throws ExtractError */
export const extract = (bytes: Uint8Array, mediaType: string): Extracted => {
  if (bytes.length === 0) throw new ExtractError('nexus.validation_failed', 'The file is empty.');
  const text = decodeText(bytes);
  const kind = kindOf(bytes, text);
  if (kind !== 'text' || text === undefined) throw new ExtractError('nexus.unsupported_media_type', refusals[kind === 'text' ? 'binary' : kind]);
  return { text, markdown: markdownTypes.has(mediaType.split(';')[0]?.trim().toLowerCase() ?? '') };
};
