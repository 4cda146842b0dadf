import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ExtractError, extract } from '../../runner/extract/extract.ts';
import { runs } from '../scale.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const refusalOf = (bytes: Uint8Array, mediaType = 'text/plain'): string | undefined => {
  try {
    extract(bytes, mediaType);
    return undefined;
  } catch (error) {
    if (error instanceof ExtractError) return error.code;
    throw error;
  }
};

describe('what a file is', () => {
  test('is told from its bytes, whatever the caller says', () => {
    for (const mediaType of ['text/plain', 'text/markdown', 'application/pdf', 'nonsense', '']) {
      expect(extract(bytesOf('Plain words.'), mediaType).text).toBe('Plain words.');
      expect(refusalOf(bytesOf('%PDF-1.7 rest'), mediaType)).toBe('nexus.unsupported_media_type');
      expect(refusalOf(bytesOf('PK\u0003\u0004 rest'), mediaType)).toBe('nexus.unsupported_media_type');
      expect(refusalOf(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 0, 0, 1), mediaType)).toBe('nexus.unsupported_media_type');
    }
  });

  test.each([
    '<!DOCTYPE html><p>x',
    '  \n<!doctype HTML>',
    '<html>',
    '<html lang="en">',
    '<?xml version="1.0"?>\n<!-- one --><!-- two -->\n<html>',
    '<!-- <p> -- > --><!DOCTYPE html>',
  ])('%j is HTML', (text) => {
    expect(refusalOf(bytesOf(text))).toBe('nexus.unsupported_media_type');
  });

  test.each([
    '<p>a fragment</p>',
    '# html>',
    'See <html> for more.',
    '<htmlx>',
    '<!-- a comment -->',
    '<?xml version="1.0"?><feed/>',
    '<!-- not closed <html>',
  ])('%j is text', (text) => {
    expect(extract(bytesOf(text), 'text/plain').text).toBe(text);
  });

  test('is Markdown when it is text and called so', () => {
    for (const type of ['text/markdown', 'text/x-markdown', 'Text/Markdown; charset=utf-8']) expect(extract(bytesOf('# A'), type).markdown).toBe(true);
    for (const type of ['text/plain', 'text/markdownx', '']) expect(extract(bytesOf('# A'), type).markdown).toBe(false);
  });

  test('is a mistake when it is empty', () => {
    expect(refusalOf(new Uint8Array())).toBe('nexus.validation_failed');
  });
});

describe('any bytes', () => {
  test('are a text or a refusal that its owner can read, never another failure', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.string({ maxLength: 20 }), (bytes, mediaType) => {
        expect([undefined, 'nexus.unsupported_media_type', 'nexus.validation_failed']).toContain(refusalOf(bytes, mediaType));
      }),
      runs(500),
    );
  });

  test.each([
    ['comments', '<!---->'.repeat(2000)],
    ['comments with blanks', '<!-- --> '.repeat(2000)],
    ['beginnings of comments', '<!--'.repeat(2000)],
    ['blanks', ' '.repeat(100_000)],
    ['beginnings of declarations', '<?xml '.repeat(2000)],
  ])('a file of nothing but %s is judged at once', (_, text) => {
    const startedMs = performance.now();
    expect(extract(bytesOf(`${text}x`), 'text/plain').text).toHaveLength(text.length + 1);
    expect(performance.now() - startedMs).toBeLessThan(2000);
  });
});
