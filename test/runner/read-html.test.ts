import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../scale.ts';
import { bytesOf } from './file-makers.ts';
import { exampleFile, readFile, refusalOf } from './read-file.ts';

const page = (body: string, head = ''): Uint8Array<ArrayBuffer> => bytesOf(`<!DOCTYPE html><html><head>${head}</head><body>${body}</body></html>`);
const textOf = async (body: string): Promise<string> => (await readFile(page(body))).text;

describe('of a page is kept', () => {
  test('its content, without scripts, styles, forms, drawings and comments', async () => {
    expect(
      await textOf(
        '<p>One.</p><script>var two = "<p>2</p>";</script><style>p { three: 3 }</style><!-- four --><noscript>five</noscript><template>six</template><svg><text>seven</text></svg><button>eight</button><select><option>nine</select><textarea>ten</textarea><p>Eleven.</p>',
      ),
    ).toBe('One.\n\nEleven.');
  });

  test('no navigation, and no header, footer or aside of the site', async () => {
    expect(
      await textOf(
        '<nav><a href="/">Home</a></nav><div role="navigation">Menu</div><div role="banner">Logo</div><p>Content.</p><aside>Related</aside><footer>Imprint</footer>',
      ),
    ).toBe('Content.');
  });

  test('what a piece of content has of its own: its header, footer and aside', async () => {
    expect(await textOf('<article><header>By us.</header><p>Text.</p><aside>A note.</aside><footer>The end.</footer></article>')).toBe(
      'By us.\n\nText.\n\nA note.\n\nThe end.',
    );
  });

  test('the main part alone where there is one, with the heading above it', async () => {
    expect(await textOf('<div>Advertisement</div><h1>Title</h1><main><p>Text.</p></main><div>More</div>')).toBe('Title\n\nText.');
    expect(await textOf('<div>Advertisement</div><div role="main"><p>Text.</p></div>')).toBe('Text.');
  });

  test('everything where there would be nothing', async () => {
    expect(await textOf('<footer>All that we say.</footer>')).toBe('All that we say.');
  });

  test('nothing that is hidden', async () => {
    expect(
      await textOf('<p>Seen.</p><p hidden>No.</p><div style="color: red; display:none"><p>Nor this.</p></div><i aria-hidden="true">x</i><p>Seen too.</p>'),
    ).toBe('Seen.\n\nSeen too.');
  });

  test('the title, from its head, as what stands above all headings', async () => {
    const read = await readFile(page('<h1>First</h1><h2>Second</h2>', '<title> A &amp;\n B </title>'));
    expect([read.title, read.text, read.headings]).toEqual(['A & B', 'First\n\nSecond', ['1 First', '2 Second']]);
    expect((await readFile(page('<p>x</p>'))).title).toBe(undefined);
  });
});

describe('the text of a page', () => {
  test('runs of white space are one blank, line breaks of the source too', async () => {
    expect(await textOf('<p>  One\n   <b>two</b>&nbsp; three<i> four</i>. </p>')).toBe('One two three four.');
  });

  test('words that only their markup cuts stay whole, soft hyphens go', async () => {
    expect(await textOf('<p>H<sub>2</sub>O, <em>un</em>believ&shy;able.</p>')).toBe('H2O, unbelievable.');
  });

  test('entities are what they stand for', async () => {
    expect(await textOf('<p>&lt;p&gt; &amp;amp; &eacute;&#233;&#xE9; &hellip; &nosuch;</p>')).toBe('<p> &amp; ééé … &nosuch;');
  });

  test('lists have an item a line, tables a row, with what stands between cells', async () => {
    expect(await textOf('<ul><li>One</li><li><p>Two</p><p>and a half</p></li></ul><p>End.</p>')).toBe('- One\n- Two\nand a half\n\nEnd.');
    expect(await textOf('<table><caption>Prices</caption><tr><th>Item<th>Price<tr><td><p>Tea</p></td><td></td><td><p>2</p></td></tr></table>After.')).toBe(
      'Prices\nItem | Price\nTea | 2\n\nAfter.',
    );
  });

  test('an item without text leaves nothing behind', async () => {
    expect(await textOf('<ul><li><button>Menu</button></li></ul><p>Text.</p>')).toBe('Text.');
  });

  test('code keeps its lines and blanks', async () => {
    const { text, blocks } = await readFile(page('<p>Run:</p><pre><code>if x:\n    y()\n\nz()</code></pre><p>Done.</p>'));
    expect(text).toBe('Run:\n\nif x:\n    y()\n\nz()\n\nDone.');
    expect(blocks[1]).toEqual({ text: 'if x:\n    y()\n\nz()', verbatim: true });
  });

  test('a line break is a line', async () => {
    expect(await textOf('<p>One<br>two<br/>three</p>')).toBe('One\ntwo\nthree');
  });

  test('its blocks lie in it, in order, and hold all that is no white space', async () => {
    const tag = fc.constantFrom('p', 'div', 'li', 'ul', 'td', 'tr', 'table', 'pre', 'h2', 'main', 'nav', 'b', 'br', 'script', 'title', 'section');
    const bit = fc.oneof(
      tag.map((name) => `<${name}>`),
      tag.map((name) => `</${name}>`),
      fc.constantFrom('words ', ' ', '\n', '&amp;', '<', '>', 'ä', '😀'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(bit, { maxLength: 40 }), async (bits) => {
        const { text, blocks } = await readFile(bytesOf(`<!doctype html>${bits.join('')}`));
        expect(text).toBe(blocks.map((block) => block.text).join('\n\n'));
        for (const block of blocks) expect(block.text).toMatch(/\S$/);
      }),
      runs(200),
    );
  });
});

describe('the encoding of a page', () => {
  const cyrillic = Uint8Array.of(0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2);
  const encoded = (before: string, bytes: Uint8Array): Uint8Array => Uint8Array.of(...bytesOf(before), ...bytes);
  test.each([
    ['<!doctype html><meta charset="windows-1251"><p>', ''],
    ["<!doctype html><META http-equiv='Content-Type' content='text/html; charset=windows-1251'><p>", ''],
    ['<?xml version="1.0" encoding="windows-1251"?><html><body><p>', ''],
    ['<!doctype html><p>', 'text/html; charset="windows-1251"'],
  ])('is the one that is declared: %s %s', async (start, mediaType) => {
    expect((await readFile(encoded(start, cyrillic), mediaType)).text).toBe('Привет');
  });

  test('a declaration that the bytes belie is not believed', async () => {
    expect((await readFile(bytesOf('<!doctype html><meta charset="iso-8859-1"><p>Привет'))).text).toBe('Привет');
    expect((await readFile(encoded('<!doctype html><meta charset="utf-8"><p>caf', Uint8Array.of(0xe9)))).text).toBe('café');
    expect((await readFile(encoded('<!doctype html><meta charset="no-such"><p>caf', Uint8Array.of(0xe9)))).text).toBe('café');
  });

  test('Japanese and Chinese encodings too', async () => {
    expect((await readFile(encoded('<!doctype html><meta charset=shift_jis><p>', Uint8Array.of(0x93, 0xfa, 0x96, 0x7b)))).text).toBe('日本');
    expect((await readFile(encoded('<!doctype html><meta charset=gbk><p>', Uint8Array.of(0xd6, 0xd0, 0xb9, 0xfa)))).text).toBe('中国');
    const iso2022 = Uint8Array.of(0x1b, 0x24, 0x42, 0x46, 0x7c, 0x4b, 0x5c, 0x1b, 0x28, 0x42);
    expect((await readFile(encoded('<!doctype html><meta charset=iso-2022-jp><p>', iso2022))).text).toBe('日本');
  });

  test('is Windows-1252 where nothing says and nothing else fits', async () => {
    const { text, headings } = await readFile(exampleFile('fake-html-cp1252.html'));
    expect(headings).toEqual(['1 My First Heading']);
    expect(text).toContain(
      'Die schöne Frau hat einen Kaffee mit Kuchen gegessen. Sie sagte: "Das war köstlich!" und lächelte dabei. Der Preis betrug 15,50 €.',
    );
    expect(text).toContain("L'été était très chaud cette année.");
  });
});

describe('nesting', () => {
  test('of thousands of levels is read like any other', async () => {
    const depth = 15_000;
    expect(await textOf(`${'<div>'.repeat(depth)}deep${'</div>'.repeat(depth)}`)).toBe('deep');
    expect(await textOf(`${'<b><i>'.repeat(depth / 2 - 10)}deep`)).toBe('deep');
  });

  test('of more than any page has is refused', async () => {
    expect(await refusalOf(page('<div>'.repeat(1_000_000)))).toEqual({ code: 'nexus.validation_failed', message: expect.stringContaining('nested') });
  });
});
