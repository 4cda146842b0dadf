import type { Part } from '../chunk/chunk-text.ts';
import { ExtractError } from './extract-error.ts';
import { kindOf, looksLikeMarkdown } from './kind.ts';
import { extractHtml } from './read-html.ts';
import { extractJson } from './read-json.ts';
import { type Extracted, hintsOf, type Source } from './source.ts';

const single = (part: Part): Extracted => ({ parts: [part] });

/**
 * A text or a file → its text, with what its format knows of headings and pages.
 * @throws ExtractError, also while the parts are taken
 */
export const extract = async (source: Source): Promise<Extracted> => {
  if ('text' in source) return single({ text: source.text, markdown: looksLikeMarkdown(source.text) });
  const { bytes, mediaType, name } = source;
  if (bytes.length === 0) throw new ExtractError('nexus.validation_failed', 'The file is empty.');
  const found = kindOf(bytes, hintsOf(mediaType, name));
  switch (found.kind) {
    // Libraries of megabytes, for those who send such files.
    case 'pdf':
      return (await import('./read-pdf.ts')).extractPdf(bytes);
    case 'docx':
      return (await import('./read-docx.ts')).extractDocx(bytes);
    case 'html':
      return extractHtml(found.text);
    case 'json':
      return extractJson(found.value);
    case 'markdown':
    case 'text':
      return single({ text: found.text, markdown: found.kind === 'markdown' });
  }
};
