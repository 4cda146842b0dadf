import { decodeText } from './decode-text.ts';
import { ExtractError } from './extract-error.ts';
import type { Hints } from './source.ts';
import { zipKind } from './zip.ts';

/** What a file is, and its text where it is a text. */
export type Kind = { kind: 'pdf' | 'docx' } | { kind: 'html' | 'markdown' | 'text'; text: string } | { kind: 'json'; value: object };

/** How far from its beginning a file tells what it is; pdf.js looks as far for a PDF's first line. */
const sampleBytes = 1024;
const sampleChars = 4096;

const zipStart = 'PK\u0003\u0004';
const pdfStart = '%PDF-';

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** Whether a file may hold more than its bytes. */
export const mayUnpack = (bytes: Uint8Array): boolean => {
  const start = latin1(bytes.subarray(0, sampleBytes));
  return start.startsWith(zipStart) || start.includes(pdfStart);
};

/** Each comment ends at its first end: if it could end at a later one too, a file of comments would take forever to refuse. */
const htmlStart = /^\s*(<\?xml[^>]*>\s*)?(<!--(?:(?!-->)[\s\S])*-->\s*)*<(!doctype\s+html|html[\s>]|head[\s>]|body[\s>])/i;
const anyTag = /<[a-z][a-z0-9]{0,20}[\s/>]/i;

const declaredCharset = /<meta[^>]{1,256}?charset\s*=\s*["']?\s*([\w.:-]{1,40})|^\s*<\?xml[^>]{1,128}?encoding\s*=\s*["']([\w.:-]{1,40})/i;

/** What an HTML file says of its own encoding: as HTML has it, within the first kilobyte (and a little, as browsers do). */
const charsetIn = (bytes: Uint8Array): string | undefined => {
  const [, meta, xml] = declaredCharset.exec(latin1(bytes.subarray(0, 2 * sampleBytes))) ?? [];
  return meta ?? xml;
};

const headingLine = /^#{1,6} \S.*\n\s*\n/;
const innerHeading = /\n\s*\n#{1,6} \S[^\n]*(?=\n\s*\n)/g;
const fence = /^(```|~~~)/m;

/** Headings that stand by themselves: one at the top, or two, or one and a code block. A `#` before a line is often a comment. */
export const looksLikeMarkdown = (text: string): boolean => {
  const sample = text.slice(0, sampleChars).replaceAll('\r\n', '\n').trimStart();
  const inner = sample.match(innerHeading)?.length ?? 0;
  return headingLine.test(sample) || inner >= 2 || (inner >= 1 && fence.test(sample));
};

const jsonOf = (text: string): object | undefined => {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
};

const unsupported = (message: string): ExtractError => new ExtractError('nexus.unsupported_media_type', message);

/** Files that many people have and that are not read, each with what to do. */
const refuseKnown = (bytes: Uint8Array, start: string): void => {
  if (start.startsWith('\u00d0\u00cf\u0011\u00e0')) {
    // Office puts what it has encrypted into its old container, under this name in UTF-16.
    if (latin1(bytes).includes('E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e'))
      throw new ExtractError('nexus.validation_failed', 'The document is protected with a password. Remove the password and send it again.');
    throw unsupported('The old Office formats (.doc, .xls, .ppt) are not read. Save the file as .docx or PDF.');
  }
  if (start.startsWith('{\\rtf')) throw unsupported('RTF is not read. Save the file as .docx or PDF.');
};

/**
 * Told from the bytes; what a sender says of a file decides only what they leave open.
 * @throws ExtractError for what is not read
 */
export const kindOf = (bytes: Uint8Array, hints: Hints): Kind => {
  const start = latin1(bytes.subarray(0, sampleBytes));
  if (start.trimStart().startsWith(pdfStart)) return { kind: 'pdf' };
  if (start.startsWith(zipStart)) return { kind: zipKind(bytes) };
  refuseKnown(bytes, start);
  const text = decodeText(bytes, hints.charset ?? charsetIn(bytes));
  if (text === undefined) {
    if (start.includes(pdfStart)) return { kind: 'pdf' };
    throw unsupported('This is neither text nor a format that is read (PDF, .docx, HTML, Markdown, JSON).');
  }
  if (htmlStart.test(text.slice(0, sampleChars)) || (hints.format === 'html' && anyTag.test(text))) return { kind: 'html', text };
  const value = hints.format === 'markdown' ? undefined : jsonOf(text);
  if (value !== undefined) return { kind: 'json', value };
  return { kind: hints.format === 'markdown' || looksLikeMarkdown(text) ? 'markdown' : 'text', text };
};
