import { Parser } from 'htmlparser2';
import mammoth from 'mammoth';
import { tidyTitle } from '../chunk/sections.ts';
import { brokenFile, ExtractError } from './extract-error.ts';
import { extractHtml } from './read-html.ts';
import type { Extracted } from './source.ts';
import { unzipSmall } from './zip.ts';

/** Styles that Word itself has for titles; the library knows the headings. */
const styleMap = ["p[style-name='Title'] => h1:fresh", "p[style-name='Subtitle'] => h2:fresh"];

const propertiesBytes = 256 * 1024;

/** What the author has named the document, from its properties (Dublin Core). */
const titleOf = (bytes: Uint8Array): string => {
  const properties = unzipSmall(bytes, 'docProps/core.xml', propertiesBytes);
  let isTitle = false;
  let title = '';
  const parser = new Parser(
    {
      onopentagname(name) {
        isTitle = name === 'dc:title';
      },
      onclosetag() {
        isTitle = false;
      },
      ontext(data) {
        if (isTitle) title += data;
      },
    },
    { xmlMode: true },
  );
  parser.end(properties === undefined ? '' : new TextDecoder().decode(properties));
  return tidyTitle(title);
};

/** @throws ExtractError */
export const extractDocx = async (bytes: Uint8Array): Promise<Extracted> => {
  try {
    // Pictures are left where they are.
    const convertImage = mammoth.images.imgElement(async () => ({ src: '' }));
    const { value } = await mammoth.convertToHtml({ buffer: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) }, { convertImage, styleMap });
    const { parts } = extractHtml(value);
    const title = titleOf(bytes);
    return { parts, ...(title === '' ? {} : { title }) };
  } catch (error) {
    throw error instanceof ExtractError ? error : brokenFile('a Word document', error);
  }
};
