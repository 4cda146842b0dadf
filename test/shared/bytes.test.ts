import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { equalInConstantTime, fromBase64Url, macOf, sha256Hex, toBase64Url, utf8 } from '../../shared/bytes.ts';

const anyText = () => fc.string({ unit: 'binary', maxLength: 400 });

test('digests and codes are those of everybody else', () => {
  fc.assert(
    fc.property(anyText(), anyText(), (key, text) => {
      expect(sha256Hex(text)).toBe(createHash('sha256').update(utf8(text)).digest('hex'));
      expect(Buffer.from(macOf(key, text)).toString('hex')).toBe(createHmac('sha256', utf8(key)).update(utf8(text)).digest('hex'));
    }),
  );
});

test('base64url gives back the bytes, however many', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 40_000, size: 'max' }), (bytes) => {
    const text = toBase64Url(bytes);
    expect(text).toBe(Buffer.from(bytes).toString('base64url'));
    expect(Buffer.from(fromBase64Url(text) ?? []).equals(Buffer.from(bytes))).toBe(true);
  });
  fc.assert(property, { numRuns: 50 });
});

test('bytes have one spelling in base64url, and every other is refused', () => {
  const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  for (const start of ['', 'A', 'AB', 'ABC', 'ABCD']) {
    for (const last of characters) {
      const text = start + last;
      const isCanonical = Buffer.from(text, 'base64url').toString('base64url') === text;
      expect(fromBase64Url(text) !== undefined, text).toBe(isCanonical);
    }
  }
  for (const text of ['QQ==', 'Q Q', '+/8', 'Q', 'ä', 'QUI\n']) expect(fromBase64Url(text), text).toBeUndefined();
});

test('two byte strings are equal when they are, and not when one byte or the length differs', () => {
  expect(equalInConstantTime(utf8('same'), utf8('same'))).toBe(true);
  expect(equalInConstantTime(utf8('same'), utf8('sane'))).toBe(false);
  expect(equalInConstantTime(utf8('same'), utf8('sam'))).toBe(false);
  expect(equalInConstantTime(utf8(''), utf8(''))).toBe(true);
});
