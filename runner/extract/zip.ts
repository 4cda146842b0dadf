import { unzipSync } from 'fflate';
import { limits } from '../../shared/limits.ts';
import { brokenFile, ExtractError } from './extract-error.ts';

interface Entry {
  name: string;
  /** As the file says: what unpacks to more is stopped by the thread's memory. */
  unpackedBytes: number;
}

/** What a ZIP file says it holds; nothing is unpacked. @throws ExtractError */
const entriesOf = (bytes: Uint8Array): Entry[] => {
  const entries: Entry[] = [];
  try {
    unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        entries.push({ name, unpackedBytes: originalSize });
        return false;
      },
    });
  } catch (error) {
    throw brokenFile('a ZIP or Office file', error);
  }
  return entries;
};

const unread: readonly [within: string, what: string][] = [
  ['xl/', 'Spreadsheets (.xlsx) are not read. Send the table as text or PDF.'],
  ['ppt/', 'Presentations (.pptx) are not read. Save the file as PDF.'],
  ['META-INF/', 'This archive format (.odt, .epub, .jar) is not read. Save the document as .docx or PDF.'],
];

/** @throws ExtractError for a ZIP file that is no Word document */
export const zipKind = (bytes: Uint8Array): 'docx' => {
  const entries = entriesOf(bytes);
  if (!entries.some(({ name }) => name.startsWith('word/'))) {
    const [, what] = unread.find(([within]) => entries.some(({ name }) => name.startsWith(within))) ?? [];
    throw new ExtractError('nexus.unsupported_media_type', what ?? 'ZIP files are not read. Send the files in it one by one.');
  }
  // Pictures stay packed; what is read is text.
  const texts = entries.filter(({ name }) => /\.(xml|rels)$/i.test(name)).reduce((sum, { unpackedBytes }) => sum + unpackedBytes, 0);
  if (texts > limits.unpackedBytes)
    throw new ExtractError('nexus.payload_too_large', `The document unpacks to more than ${limits.unpackedBytes} bytes of text. Split it.`);
  return 'docx';
};

/** One small file of a ZIP file. Undefined: it is not there, or larger. */
export const unzipSmall = (bytes: Uint8Array, wanted: string, maxBytes: number): Uint8Array | undefined =>
  unzipSync(bytes, { filter: ({ name, originalSize }) => name === wanted && originalSize <= maxBytes })[wanted];
