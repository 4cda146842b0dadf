import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { getDocumentProxy } from 'unpdf';
import { limits } from '../../shared/limits.ts';
import type { Part } from '../chunk/chunk-text.ts';
import { tidyTitle } from '../chunk/sections.ts';
import { brokenFile, ExtractError } from './extract-error.ts';
import { linesOf, type PdfItem } from './pdf-lines.ts';
import { pageText, type SeenSoFar } from './pdf-page.ts';
import type { Extracted } from './source.ts';

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;

const asRefusal = (error: unknown): ExtractError =>
  error instanceof Error && error.name === 'PasswordException'
    ? new ExtractError('nexus.validation_failed', 'The PDF is protected with a password. Remove the password and send it again.')
    : brokenFile('PDF', error);

const pdfjs = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'));
/** What a PDF may take for granted: character maps of Chinese, Japanese and Korean, and the widths of the standard fonts. */
const resources = { cMapUrl: `${pdfjs}/cmaps/`, standardFontDataUrl: `${pdfjs}/standard_fonts/` };

/** Of bytes of its own, which it may move; without its log: what is wrong with a file is told to its owner. */
const open = async (bytes: Uint8Array): Promise<Pdf> => {
  try {
    return await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0, ...resources });
  } catch (error) {
    throw asRefusal(error);
  }
};

const linesOn = async (pdf: Pdf, number: number) => {
  try {
    const page = await pdf.getPage(number);
    const { items } = await page.getTextContent();
    page.cleanup();
    return linesOf(items.filter((item): item is (typeof items)[number] & PdfItem => 'str' in item));
  } catch (error) {
    throw asRefusal(error);
  }
};

/** Each page's text, as soon as it is read; blank lines stand between pages, at the beginning of the later one. */
async function* pagesOf(pdf: Pdf): AsyncGenerator<Part> {
  const seen: SeenSoFar = { words: new Set(), heights: new Map() };
  let gap = '';
  for (let number = 1; number <= pdf.numPages; number++) {
    const { text, blocks } = pageText(await linesOn(pdf, number), seen);
    if (text === '') continue;
    yield { text: `${gap}${text}`, blocks: blocks.map((block) => ({ ...block, start: block.start + gap.length, end: block.end + gap.length })), page: number };
    gap = '\n\n';
  }
  await pdf.loadingTask.destroy();
  if (gap === '')
    throw new ExtractError('nexus.validation_failed', 'The PDF holds no text, perhaps only pictures of pages. Run text recognition (OCR) on it first.');
}

const titleOf = async (pdf: Pdf): Promise<string> => {
  const { info } = await pdf.getMetadata().catch(() => ({ info: {} }));
  return 'Title' in info && typeof info.Title === 'string' ? tidyTitle(info.Title) : '';
};

/** @throws ExtractError, also while the parts are taken */
export const extractPdf = async (bytes: Uint8Array): Promise<Extracted> => {
  const pdf = await open(bytes);
  if (pdf.numPages > limits.pdfPages)
    throw new ExtractError('nexus.payload_too_large', `The PDF has ${pdf.numPages} pages; ${limits.pdfPages} can be read. Split it.`);
  const title = await titleOf(pdf);
  return { parts: pagesOf(pdf), ...(title === '' ? {} : { title }) };
};
