import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noTextQuery, parseTextQuery, spokenText, type TextQuery } from '../../runner/text/text-query.ts';
import { limits } from '../../shared/limits.ts';
import { runs } from '../scale.ts';

const reads = (query: string, as: Partial<TextQuery>): void => expect(parseTextQuery(query)).toEqual({ ...noTextQuery, ...as });

describe('a query is read', () => {
  test('as words, each once', () => reads('Lift of a wing, lift!', { any: ['lift', 'of', 'a', 'wing'] }));

  test('with quoted phrases as what a hit must hold', () => {
    reads('"boundary layer" flow', { any: ['flow'], phrases: [['boundary', 'layer']] });
    reads('is it "The Tesla"?', { any: ['is', 'it'], phrases: [['the', 'tesla']] });
  });

  test('with + before what a hit must hold, and - before what it must not', () => {
    reads('lift +wing -drag', { any: ['lift'], required: ['wing'], excluded: ['drag'] });
    reads('+"flat plate" -"thin film"', { phrases: [['flat', 'plate']], excludedPhrases: [['thin', 'film']] });
    reads('+well-known', { phrases: [['well', 'known']] });
    reads('-自然语言', { excludedPhrases: [['自', '自然', '然', '然语', '语', '语言', '言']] });
  });

  test('with ~ behind what may be misspelt', () => {
    reads('turbulance~ +vortx~1', { misspelt: ['turbulance'], requiredMisspelt: ['vortx'] });
    reads('foo-bar~2', { misspelt: ['foo', 'bar'] });
  });

  test('without taking for signs what people write: numbers, compounds, inches, dashes, lone quotes', () => {
    reads('-5 degrees', { any: ['5', 'degrees'] });
    reads('+49 30', { any: ['49', '30'] });
    reads('state-of-the-art', { any: ['state', 'of', 'the', 'art'] });
    reads('a - b', { any: ['a', 'b'] });
    reads('a 5" pipe and a 6" pipe', { any: ['a', '5', 'pipe', 'and', '6'] });
    reads('say "hello', { any: ['say', 'hello'] });
    reads('C++ a+b', { any: ['c', 'a', 'b'] });
  });

  test('as nothing when there is no word in it', () => {
    for (const query of ['', ' ', '"', '""', '+', '-', '~', '!?…', '🎉🎉', '+"" -"!"', '\u202e\u200f', '\ud800']) reads(query, {});
  });

  test('with no more misspelt words than are allowed; further ones as they are spelt', () => {
    const words = Array.from({ length: limits.misspeltTerms + 3 }, (_, index) => `word${index}`);
    const { misspelt, any } = parseTextQuery(words.map((word) => `${word}~`).join(' '));
    expect([misspelt, any]).toEqual([words.slice(0, limits.misspeltTerms), words.slice(limits.misspeltTerms)]);
  });

  test('whatever it is, without failing and without losing a word', () => {
    const odd = fc.string({
      unit: fc.oneof(fc.constantFrom('"', '+', '-', '~', ' ', 'a', 'é', '茶', '茶', 'ก', '\n', '5'), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })),
      maxLength: 80,
    });
    fc.assert(
      fc.property(odd, (query) => {
        const { any, misspelt, required, phrases, requiredMisspelt, excluded, excludedPhrases } = parseTextQuery(query);
        const kept = new Set([...any, ...misspelt, ...required, ...phrases.flat(), ...requiredMisspelt, ...excluded, ...excludedPhrases.flat()]);
        const plain = parseTextQuery(query.replace(/["+~-]/g, ' ')).any;
        // Without its signs the query has the same words, or longer ones that the signs had parted.
        for (const term of kept) expect(plain.some((word) => word.includes(term))).toBe(true);
        expect(spokenText(query).trim() === '').toBe(query.trim() === '');
      }),
      runs(500),
    );
  });

  test('in time that grows with its length alone', () => {
    for (const part of ['"', '" ', '+"', '-a ', '"a', 'a~ ', '+', '茶', '\u0301', '~~1 ']) parseTextQuery(part.repeat(limits.queryChars / part.length));
  });
});

describe('what is embedded of a query', () => {
  test('is the query itself when it has no signs', () => {
    for (const query of ['what is lift?', '-5 degrees  outside', 'C++']) expect(spokenText(query)).toBe(query);
  });

  test('is what it asks for, without signs and without what it excludes', () => {
    expect(spokenText('lift +wing -drag "flat plate" vortx~')).toBe('lift wing flat plate vortx');
  });

  test('is all of it when it only excludes', () => expect(spokenText('-drag')).toBe('-drag'));
});
