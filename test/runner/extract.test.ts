import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { runs } from '../scale.ts';
import { bytesOf, docxOf, paragraph, pdfOf } from './file-makers.ts';
import { exampleFile, readFile, refusalOf } from './read-file.ts';

const mediaTypes = ['text/plain', 'application/pdf', 'application/json', 'image/png', 'nonsense', ''];
const unsupported = 'nexus.unsupported_media_type';
const invalid = 'nexus.validation_failed';

describe('what a file is', () => {
  test.each(mediaTypes)('is told from its bytes when the caller says %j', async (mediaType) => {
    expect((await readFile(bytesOf('Plain words.'), mediaType)).text).toBe('Plain words.');
    expect((await readFile(pdfOf([[['In a PDF.', 72, 700]]]), mediaType)).pages).toEqual({ 1: 'In a PDF.' });
    expect((await readFile(docxOf(paragraph('In Word.')), mediaType)).text).toBe('In Word.');
    expect((await readFile(bytesOf('<!DOCTYPE html><p>On a page.'), mediaType)).text).toBe('On a page.');
    expect((await readFile(bytesOf('{"said": "in JSON"}'), mediaType)).text).toBe('said: in JSON');
    expect((await refusalOf(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 0, 0, 1), mediaType))?.code).toBe(unsupported);
  });

  test.each([
    '<!DOCTYPE html><p>x',
    '  \n<!doctype HTML><p>x',
    '<html><p>x',
    '<html lang="en"><p>x',
    '<body><p>x',
    '<?xml version="1.0"?>\n<!-- one --><!-- two -->\n<html><p>x',
    '<!-- <p> -- > --><!DOCTYPE html><p>x',
  ])('%j is HTML', async (text) => {
    expect((await readFile(bytesOf(text))).text).toBe('x');
  });

  test.each([
    '<p>a fragment</p>',
    '# html>',
    'See <html> for more.',
    '<htmlx>',
    '<!-- a comment -->',
    '<?xml version="1.0"?><feed/>',
    '<!-- not closed <html>',
    '{"not": closed',
    '"a string"',
    '%PDX-1.7',
  ])('%j is text', async (text) => {
    expect((await readFile(bytesOf(text), 'text/plain')).text).toBe(text);
  });

  test('a piece of HTML is HTML when it is called so, by type or by name', async () => {
    const piece = bytesOf('<p>a <b>piece</b></p>');
    for (const [type, name] of [
      ['text/html', ''],
      ['Text/HTML; charset=utf-8', ''],
      ['', 'nexus://folder/page.htm'],
    ])
      expect((await readFile(piece, type, name)).text).toBe('a piece');
    expect((await readFile(bytesOf('2 < 3'), 'text/html')).text).toBe('2 < 3');
  });

  test('is Markdown when it is text and called so, by type or by name', async () => {
    for (const type of ['text/markdown', 'text/x-markdown', 'Text/Markdown; charset=utf-8']) expect((await readFile(bytesOf('# A'), type)).markdown).toBe(true);
    for (const type of ['text/plain', 'text/markdownx', '']) expect((await readFile(bytesOf('# A'), type)).markdown).toBe(false);
    for (const name of ['nexus://a.md', 'gs://b/c.Markdown']) expect((await readFile(bytesOf('# A'), '', name)).markdown).toBe(true);
    expect((await readFile(bytesOf('# A'), '', 'nexus://md')).markdown).toBe(false);
  });

  test('is Markdown when it looks so: headings that stand by themselves', async () => {
    for (const text of ['# Title\n\nText.', 'Text.\n\n## One\n\nText.\n\n## Two\n\nText.', '\r\n## A\r\n\r\nb', 'Run:\n\n## X\n\n```\nls\n```\n'])
      expect((await readFile(bytesOf(text), 'text/plain')).markdown).toBe(true);
    for (const text of ['#!/bin/sh\n# comment\nls\n', '# comment\nx = 1\n# comment\ny = 2\n', 'Text.\n\n# One\n\nText.', '#tag\n\ntext'])
      expect((await readFile(bytesOf(text), 'text/plain')).markdown).toBe(false);
  });

  test('Markdown that is valid JSON stays Markdown', async () => {
    expect((await readFile(bytesOf('[1]'), 'text/markdown')).text).toBe('[1]');
  });
});

describe('a file that cannot be read is refused with words that say what to do', () => {
  const ole = Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ...new Uint8Array(600));
  const encryptedOffice = Uint8Array.of(...ole, ...Buffer.from('EncryptedPackage', 'utf16le'));
  test.each<[string, Uint8Array, string, RegExp]>([
    ['empty', new Uint8Array(), invalid, /is empty/],
    ['a PDF with a password', exampleFile('password.pdf'), invalid, /Remove the password/],
    ['a Word document with a password', encryptedOffice, invalid, /Remove the password/],
    ['a broken PDF', bytesOf('%PDF-1.7\nand then nothing of the kind'), invalid, /broken/],
    ['a PDF that is cut off', exampleFile('fake-memo.pdf').subarray(0, 600), invalid, /broken|no text/],
    ['a PDF without text', pdfOf([[], []]), invalid, /OCR/],
    ['a broken ZIP file', bytesOf('PK\u0003\u0004 and then nothing'), invalid, /broken/],
    ['a Word document that is cut off', exampleFile('simple.docx').subarray(0, 20_000), invalid, /broken/],
    ['a Word document without its text', zipSync({ 'word/styles.xml': bytesOf('<a/>') }), invalid, /broken/],
    ['an old Office file', ole, unsupported, /Save the file as \.docx or PDF/],
    ['a spreadsheet', zipSync({ 'xl/workbook.xml': bytesOf('<a/>') }), unsupported, /Spreadsheets/],
    ['a presentation', zipSync({ 'ppt/presentation.xml': bytesOf('<a/>') }), unsupported, /Presentations/],
    ['an OpenDocument text', zipSync({ 'META-INF/manifest.xml': bytesOf('<a/>') }), unsupported, /\.odt/],
    ['any ZIP file', zipSync({ 'a.txt': bytesOf('a') }), unsupported, /one by one/],
    ['RTF', bytesOf('{\\rtf1 text}'), unsupported, /RTF/],
    ['a picture', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0), unsupported, /neither text/],
  ])('%s', async (_, bytes, code, message) => {
    const refusal = await refusalOf(bytes);
    expect(refusal?.code).toBe(code);
    expect(refusal?.message).toMatch(message);
  });

  test('more pages than can be read', async () => {
    const many = pdfOf(Array.from({ length: 5001 }, () => []));
    expect(await refusalOf(many)).toEqual({ code: 'nexus.payload_too_large', message: expect.stringContaining('5001 pages') });
  });

  test('a Word document that says it unpacks to more than can be read', async () => {
    const bomb = docxOf(paragraph(' '.repeat(70_000_000)));
    expect(bomb.length).toBeLessThan(1_000_000);
    expect(await refusalOf(bomb)).toEqual({ code: 'nexus.payload_too_large', message: expect.stringContaining('unpacks') });
  });
});

describe('any bytes', () => {
  const beginnings = ['', '%PDF-1.4\n', 'PK\u0003\u0004', '<!doctype html>', '{"a":', '{\\rtf', '\u00d0\u00cf\u0011\u00e0'].map((start) =>
    Buffer.from(start, 'latin1'),
  );
  test('are a text or a refusal that its owner can read, never another failure', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 100 }), fc.string({ maxLength: 20 }), async (start, rest, mediaType) => {
        const refusal = await refusalOf(Uint8Array.of(...start, ...rest), mediaType);
        expect([undefined, unsupported, invalid]).toContain(refusal?.code);
      }),
      runs(300),
    );
  });

  test.each(['fake-memo.pdf', 'docx-tables.docx'])('a damaged %s too', async (name) => {
    const whole = exampleFile(name);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 20 }), async (damage) => {
        const bytes = whole.slice();
        for (const [at, byte] of damage) bytes[at] = byte;
        expect([undefined, unsupported, invalid, 'nexus.payload_too_large']).toContain((await refusalOf(bytes))?.code);
      }),
      runs(30),
    );
  });

  test.each([
    ['comments', '<!---->'.repeat(2000)],
    ['comments with blanks', '<!-- --> '.repeat(2000)],
    ['beginnings of comments', '<!--'.repeat(2000)],
    ['blanks', ' '.repeat(100_000)],
    ['beginnings of declarations', '<?xml '.repeat(2000)],
    ['beginnings of headings', '\n\n# a\n'.repeat(20_000)],
  ])('a file of nothing but %s is judged at once', async (_, text) => {
    const startedMs = performance.now();
    expect((await readFile(bytesOf(`${text}x`), 'text/plain')).text).toHaveLength(text.length + 1);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});
