import { describe, expect, test } from 'vitest';
import { column, type Line, pdfOf } from './file-makers.ts';
import { exampleFile, readFile } from './read-file.ts';

const pageOf = async (...lines: Line[]): Promise<string | undefined> => (await readFile(pdfOf([lines]))).pages[1];

/** As wide as the column is: what follows it in the next line had no room. */
const full = 'and this line goes on to the right margin';

describe('the text of a page', () => {
  test('lines that the margin has broken are one', async () => {
    expect(await pageOf(...column([full, 'where words have no room left.'], 72, 700))).toBe(`${full} where words have no room left.`);
  });

  test('a line that its author has ended is one by itself', async () => {
    expect(await pageOf(...column(['Dear reader,', full, 'Regards'], 72, 700))).toBe(`Dear reader,\n${full} Regards`);
  });

  test('a larger gap is the end of a paragraph, and so is another column', async () => {
    const left = column([full, full], 72, 700);
    const right = column([full, full], 320, 700);
    expect(await pageOf(...left, ...column([full, full], 72, 660), ...right)).toBe([`${full} ${full}`, `${full} ${full}`, `${full} ${full}`].join('\n\n'));
  });

  test('the lines of a table of contents stay apart', async () => {
    expect(await pageOf(...column(['Creatures..............6', 'Items..................19'], 72, 700))).toBe(
      'Creatures..............6\nItems..................19',
    );
  });

  test('runs of letters that stand apart are words', async () => {
    expect(await pageOf(['Left', 72, 700], ['right', 110, 700])).toBe('Left right');
  });
});

describe('a word that a hyphen has broken', () => {
  const broken = async (end: string, start: string, before = 'Words come before it.'): Promise<string> => {
    const lines = column([`${full} ${end}`, `${start} and more words here.`], 72, 700);
    return ((await pageOf([before, 72, 760], ...lines)) ?? '').split('\n\n')[1]?.slice(full.length + 1) ?? '';
  };
  const rest = ' and more words here.';

  test('is whole', async () => {
    expect(await broken('exam-', 'ple')).toBe(`example${rest}`);
  });

  test('keeps its hyphen where the document writes it so, or knows only its two halves', async () => {
    expect(await broken('well-', 'known', 'A well-known word.')).toBe(`well-known${rest}`);
    expect(await broken('dual-', 'encoder', 'An encoder that is dual.')).toBe(`dual-encoder${rest}`);
    expect(await broken('under-', 'stand', 'They understand; we stand under it.')).toBe(`understand${rest}`);
  });

  test('keeps its hyphen among others, and before a name or a number', async () => {
    expect(await broken('state-of-the-', 'art')).toBe(`state-of-the-art${rest}`);
    expect(await broken('Anglo-', 'American')).toBe(`Anglo-American${rest}`);
    expect(await broken('COVID-', '19')).toBe(`COVID-19${rest}`);
  });

  test('is none where a blank stands before the hyphen', async () => {
    expect(await broken('a dash -', 'here')).toBe(`a dash - here${rest}`);
  });
});

describe('a PDF', () => {
  test('keeps its pages apart and numbered, also the empty ones', async () => {
    const { pages, text } = await readFile(pdfOf([[['One.', 72, 700]], [], [['Three.', 72, 700]]]));
    expect([pages, text]).toEqual([{ 1: 'One.', 3: 'Three.' }, 'One.\n\nThree.']);
  });

  test('has headings where letters are larger than most, and none in what is written up the margin', async () => {
    const body = column([full, full, full], 72, 600);
    const { headings, text } = await readFile(
      pdfOf([
        [['A title of', 72, 740, 20], ['two lines', 72, 714, 20], ...body],
        [['Part', 72, 700, 14], ['Detail', 72, 670, 12], ...body],
      ]),
    );
    expect(headings).toEqual(['1 A title of two lines', '2 Part', '3 Detail']);
    expect(text).toContain('Part\n\nDetail');
  });

  test('has the title that its author has given it', async () => {
    expect((await readFile(pdfOf([[['x', 72, 700]]], { title: 'The (only) title' }))).title).toBe('The (only) title');
  });

  test('in Chinese is read whole, also when its font is not in it, and lines go on without a blank', async () => {
    const lines = column(['天地玄黄宇宙洪荒日月盈昃', '辰宿列张寒来暑往秋收冬藏'], 72, 700);
    expect((await readFile(pdfOf([lines], { chinese: true }))).pages).toEqual({ 1: '天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏' });
  });

  test('of a real program is read as people read it', async () => {
    const { pages, title } = await readFile(exampleFile('fake-memo.pdf'));
    expect(title).toBe('fake-memo');
    expect(pages[1]).toContain('There were 20,000 bottles of water, 10,000 blankets, and 200 laptops delivered on January 23, 2023.');
  });
});
