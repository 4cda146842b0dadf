import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { indexedTerms, termsOf } from '../../runner/text/terms.ts';
import { runs } from '../scale.ts';

const terms = (text: string): string[] => Array.from(termsOf(text), ({ term }) => term);

describe('a text as terms', () => {
  test('is its words, in lower case, without what stands between them', () => {
    expect(terms('The engineers’ state-of-the-art foo.bar v1.2, C++ & 3.14!')).toEqual('the engineers state of the art foo bar v1 2 c 3 14'.split(' '));
  });

  test('does not tell forms of one letter apart: composed or not, full width, with or without vowel signs', () => {
    expect(terms('cafe\u0301')).toEqual(terms('café'));
    expect(terms('ＡＢＣ１')).toEqual(['abc1']);
    expect(terms('İSTANBUL')).toEqual(['istanbul']);
    expect(terms('كِتَاب')).toEqual(terms('كتاب'));
    expect(terms('ｶﾞﾗｽ')).toEqual(terms('ガラス'));
    expect(terms('می\u200cخواهم')).toEqual(terms('میخواهم'));
  });

  test('of scripts without spaces is signs and pairs of signs, so that any part of a word finds it', () => {
    expect(terms('喝茶吧')).toEqual(['喝', '喝茶', '茶', '茶吧', '吧']);
    expect(terms('한국어를')).toEqual(expect.arrayContaining(terms('한국어')));
    expect(terms('東京タワー')).toEqual(expect.arrayContaining(terms('タワー')));
    expect(terms('第3章abc')).toEqual(['第', '3', '章', 'abc']);
  });

  test('of Thai is the words of its dictionary', () => {
    expect(terms('ภาษาไทยง่าย')).toEqual(['ภาษา', 'ไทย', 'ง่าย']);
  });

  test('of Hindi keeps the signs that belong to a letter', () => {
    expect(terms('मुझे हिन्दी पसंद है')).toEqual('मुझे हिन्दी पसंद है'.normalize('NFKC').split(' '));
  });

  test('tells single signs of a longer word from words of one sign', () => {
    expect(Array.from(termsOf('茶 喝茶'), ({ term, isPart }) => [term, isPart])).toEqual([
      ['茶', false],
      ['喝', true],
      ['喝茶', false],
      ['茶', true],
    ]);
  });

  test('have offsets that stand in order within the text, and hold neither spaces nor halves of a sign, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ unit: 'grapheme', maxLength: 60 })), (text) => {
        let before = 0;
        for (const { term, start, end } of termsOf(text)) {
          expect(term).toMatch(/^[\p{L}\p{M}\p{N}\ufffd]+$/u);
          expect(start).toBeGreaterThanOrEqual(before);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(text.length);
          expect(text.slice(start, end).isWellFormed()).toBe(true);
          before = start;
        }
      }),
      runs(1000),
    );
  });

  test('does not grow without bound: a long word is told by its beginning', () => {
    expect(terms('x'.repeat(1_000_000))).toEqual(['x'.repeat(60)]);
  });
});

describe('what is indexed of a passage', () => {
  test('is its terms after those of the titles above it', () => {
    expect(indexedTerms('Turn it left.', ['Handbook', 'The gate'])).toBe('handbook the gate turn it left');
  });

  test('does not repeat a title that the passage itself holds', () => {
    expect(indexedTerms('# The gate\n\nTurn it left.', ['The gate'])).toBe('the gate turn it left');
  });
});
