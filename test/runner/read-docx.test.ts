import { describe, expect, test } from 'vitest';
import { docxOf, paragraph } from './file-makers.ts';
import { exampleFile, readFile } from './read-file.ts';

describe('a Word document', () => {
  test('gives its paragraphs, with what the letters of XML stand for', async () => {
    expect((await readFile(docxOf(paragraph('One &amp; &lt;two&gt;.') + paragraph('Drei größer.')))).text).toBe('One & <two>.\n\nDrei größer.');
  });

  test('has the title that its properties name', async () => {
    expect((await readFile(docxOf(paragraph('x'), 'Minutes &amp; more'))).title).toBe('Minutes & more');
    expect((await readFile(docxOf(paragraph('x')))).title).toBe(undefined);
  });

  test('of a real program: headings, lists, paragraphs', async () => {
    const { text, headings } = await readFile(exampleFile('simple.docx'));
    expect(headings).toEqual(['1 These are a few of my favorite things:']);
    expect(text).toContain('- Hockey\n\nAnalysis\n\nThis is my first thought. This is my second thought.\n\nThis is my third thought.');
  });

  test('of a real program: a table has a row a line, and is not cut needlessly', async () => {
    const { text, blocks } = await readFile(exampleFile('docx-tables.docx'));
    expect(text).toContain('Header Col 1 | Header Col 2\nLorem ipsum | A link example');
    expect(blocks.filter(({ verbatim }) => verbatim)).toHaveLength(3);
  });
});
