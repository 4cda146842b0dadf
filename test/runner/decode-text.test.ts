import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeText } from '../../runner/extract/decode-text.ts';
import { runs } from '../scale.ts';

const units = (text: string, size: 2 | 4, littleEndian: boolean): Uint8Array => {
  const values = size === 2 ? Array.from({ length: text.length }, (_, index) => text.charCodeAt(index)) : Array.from(text, (char) => char.codePointAt(0) ?? 0);
  const view = new DataView(new ArrayBuffer(values.length * size));
  values.forEach((value, index) => {
    if (size === 2) view.setUint16(index * 2, value, littleEndian);
    else view.setUint32(index * 4, value, littleEndian);
  });
  return new Uint8Array(view.buffer);
};

const encodings: Record<string, (text: string) => Uint8Array> = {
  'UTF-8': (text) => new TextEncoder().encode(text),
  'UTF-16LE': (text) => units(text, 2, true),
  'UTF-16BE': (text) => units(text, 2, false),
  'UTF-32LE': (text) => units(text, 4, true),
  'UTF-32BE': (text) => units(text, 4, false),
};
const names = Object.keys(encodings);
const encode = (name: string, text: string): Uint8Array => encodings[name]?.(text) ?? new Uint8Array();

const samples = {
  English: 'Plain words, in two lines.\nAnd a second one.\n',
  German: 'Größe und Maß — „schön“.\n',
  Russian: 'Широкая электрификация южных губерний даст мощный толчок.\n',
  Greek: 'Ξεσκεπάζω την ψυχοφθόρα βδελυγμία.\n',
  Hebrew: 'דג סקרן שט בים מאוכזב ולפתע מצא חברה.\n',
  Arabic: 'نص حكيم له سر قاطع وذو شأن عظيم.\n',
  Chinese: '天地玄黄，宇宙洪荒。\n日月盈昃，辰宿列张。\n',
  Japanese: 'いろはにほへと ちりぬるを。\n',
  emoji: 'Grins 😀 and 👩‍👩‍👧‍👦 families.\n',
};

/** Text as people write it: letters of many scripts, and no control characters but line ends and tabs. */
const anyText = (): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.oneof(fc.constantFrom(...'aé ß\n\t\r"<ж漢ก'), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })),
    minLength: 1,
    maxLength: 60,
  });

describe.each(names)('%s', (name) => {
  test('with a byte order mark: every text comes back exactly, without the mark', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(decodeText(encode(name, `\ufeff${text}`))).toBe(text);
      }),
      runs(200),
    );
  });

  test.each(Object.entries(samples))('without a mark: %s comes back exactly', (_, text) => {
    expect(decodeText(encode(name, text))).toBe(text);
  });

  test('damaged behind its mark is no text', () => {
    const bytes = encode(name, '\ufeffWords.');
    const cut = bytes.subarray(0, -1);
    const wrong = { 'UTF-8': Uint8Array.from([...bytes, 0xff]) }[name] ?? cut;
    expect(decodeText(wrong)).toBeUndefined();
  });
});

describe('UTF-8 without a mark', () => {
  test('every text comes back exactly', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(decodeText(encode('UTF-8', text))).toBe(text);
      }),
      runs(300),
    );
  });
});

describe('bytes of no Unicode encoding', () => {
  test('are read as Windows-1252 when they look like text', () => {
    expect(decodeText(Uint8Array.of(0x47, 0x72, 0xf6, 0xdf, 0x65, 0x20, 0x80, 0x93))).toBe('Größe €“');
  });

  test.each([
    ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52)],
    ['a program', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0x3e, 0)],
    ['zeros', new Uint8Array(64)],
    ['control characters', Uint8Array.from({ length: 64 }, (_, index) => index % 8)],
    ['text with a NUL in it', encode('UTF-8', `${'words '.repeat(20)}\0${' words'.repeat(20)}`)],
  ])('%s is no text', (_, bytes) => {
    expect(decodeText(bytes)).toBeUndefined();
  });

  test('an empty file is an empty text, with or without a mark', () => {
    for (const bytes of [new Uint8Array(), Uint8Array.of(0xef, 0xbb, 0xbf), Uint8Array.of(0xff, 0xfe)]) expect(decodeText(bytes)).toBe('');
  });

  test('of any kind are a well-formed text, or none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const text = decodeText(bytes);
        expect(text === undefined || text.isWellFormed()).toBe(true);
      }),
      runs(2000),
    );
  });
});

describe('a part of a larger buffer', () => {
  test.each(names)('is read as itself: %s', (name) => {
    const bytes = encode(name, `\ufeff${samples.German}`);
    const larger = Uint8Array.from([1, 2, 3, ...bytes, 4, 5]);
    expect(decodeText(larger.subarray(3, 3 + bytes.length))).toBe(samples.German);
  });
});
