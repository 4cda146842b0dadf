import { strToU8, zipSync } from 'fflate';

export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** A line of a page: where it stands in points, from the lower left, and how large its letters are. */
export type Line = [text: string, x: number, y: number, size?: number];

const escaped = (text: string): string => text.replace(/[\\()]/g, '\\$&');

const helvetica = ['<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>'];

/** A font that every reader of PDF is expected to have, for UTF-16. */
const song = [
  '<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [6 0 R] >>',
  '<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /FontDescriptor 7 0 R >>',
  '<< /Type /FontDescriptor /FontName /STSong-Light /Flags 4 /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 /FontBBox [0 -200 1000 800] >>',
];

const latin = (text: string): string => `(${escaped(text)})`;
const utf16 = (text: string): string => `<${Buffer.from(text, 'utf16le').swap16().toString('hex')}>`;

/** Objects, numbered from 1 → a file with its table of where they are. */
const pdfFile = (objects: readonly string[], trailer: string): Uint8Array<ArrayBuffer> => {
  let file = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const at = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(at).padStart(10, '0')} 00000 n \n`;
  });
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join('')}`;
  return Uint8Array.from(Buffer.from(`${file}${table}trailer\n<< /Size ${objects.length + 1} ${trailer} >>\nstartxref\n${file.length}\n%%EOF\n`, 'latin1'));
};

/** A PDF of such pages: in Latin letters, or with `chinese` in Chinese ones, whose font it does not hold. */
export const pdfOf = (pages: readonly (readonly Line[])[], { title, chinese = false }: { title?: string; chinese?: boolean } = {}): Uint8Array<ArrayBuffer> => {
  const fonts = chinese ? song : helvetica;
  const first = 5 + fonts.length;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Count ${pages.length} /Kids [${pages.map((_, index) => `${first + 2 * index} 0 R`).join(' ')}] >>`,
    `<< ${title === undefined ? '' : `/Title ${latin(title)}`} >>`,
    '<< /Font << /F1 5 0 R >> >>',
    ...fonts,
  ];
  pages.forEach((lines, index) => {
    const content = lines.map(([text, x, y, size = 10]) => `BT /F1 ${size} Tf ${x} ${y} Td ${chinese ? utf16(text) : latin(text)} Tj ET`).join('\n');
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources 4 0 R /Contents ${first + 1 + 2 * index} 0 R >>`,
      `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    );
  });
  return pdfFile(objects, '/Root 1 0 R /Info 3 0 R');
};

/** Lines below one another, as a paragraph has them. */
export const column = (texts: readonly string[], x: number, top: number, size = 10): Line[] =>
  texts.map((text, index) => [text, x, top - index * 1.2 * size, size]);

const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

/** A Word document with this XML in its body. */
export const docxOf = (body: string, title?: string): Uint8Array<ArrayBuffer> => {
  const xml = (text: string): Uint8Array => strToU8(`<?xml version="1.0" encoding="UTF-8"?>${text}`);
  return zipSync({
    '[Content_Types].xml': xml(
      '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
    ),
    '_rels/.rels': xml(
      `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="${office}/officeDocument" Target="word/document.xml"/></Relationships>`,
    ),
    'word/document.xml': xml(`<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${body}</w:body></w:document>`),
    'docProps/core.xml': xml(
      `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>${title ?? ''}</dc:title></cp:coreProperties>`,
    ),
  }) as Uint8Array<ArrayBuffer>;
};

export const paragraph = (text: string, style?: string): string =>
  `<w:p>${style === undefined ? '' : `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>`}<w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`;
