import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Chunk, createChunker, type Part } from '../../runner/chunk/chunk-text.ts';
import { estimateTokens } from '../../runner/chunk/tokens.ts';
import type { Chunking } from '../../shared/events.ts';
import { limits } from '../../shared/limits.ts';
import { runs } from '../scale.ts';

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const boundariesOf = (text: string): Set<number> => new Set([...Array.from(graphemes.segment(text), ({ index }) => index), text.length]);
const isOneGrapheme = (text: string): boolean => Array.from(graphemes.segment(text)).length === 1;

/** Pieces of writing that are hard to cut: scripts with and without spaces, marks, emoji of many code points, odd blanks. */
const bit = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('word', 'a', 'Sentence one. ', 'Really? ', ' ', ' ', 'longer-compound_word', '1,234.5') },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '\n',
      '\n\n',
      '\r\n',
      '\r',
      '\t',
      '\u00a0',
      '\u3000',
      '\u2028',
      '\f',
      '# Title\n',
      '## Sub #\n',
      '```\n',
      '```js\n',
      '~~~\n',
      '- item\n',
      '> quote\n',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '👩‍👩‍👧‍👦',
      '🇩🇪',
      '🇩',
      '👍🏽',
      '😀',
      'e\u0301',
      '\u0301',
      'क्षि',
      'ก็ำ',
      'ภาษาไทยง่าย',
      '漢字',
      'かな',
      '한국어',
      'עברית',
      '\u200d',
      '\u0600',
      '\ufe0f',
      '𠀀𠀁',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }).map((text) => text.toWellFormed()) },
);
const anyText = (maxLength = 60): fc.Arbitrary<string> => fc.array(bit, { maxLength }).map((bits) => bits.join(''));
const anyChunking = (): fc.Arbitrary<Chunking> =>
  fc.record(
    {
      strategy: fc.constantFrom('auto' as const, 'recursive' as const, 'markdown' as const),
      max_tokens: fc.oneof(fc.constantFrom(1, 2, limits.chunkTokensMin), fc.integer({ min: 1, max: 60 })),
      overlap_tokens: fc.integer({ min: 0, max: 60 }),
    },
    { requiredKeys: ['max_tokens'] },
  );

const chunkText = (text: string, chunking: Chunking, markdown: boolean): Chunk[] => createChunker(chunking)({ text, markdown });
const textsOf = (text: string, chunking: Chunking = {}, markdown = false): string[] =>
  chunkText(text, chunking, markdown).map(({ start, end }) => text.slice(start, end));

describe('chunks of any text', () => {
  test('lie in the text, in order, none inside another, and begin and end with something to read', () => {
    fc.assert(
      fc.property(anyText(), anyChunking(), fc.boolean(), (text, chunking, markdown) => {
        const chunks = chunkText(text, chunking, markdown);
        chunks.forEach(({ start, end }, index) => {
          expect(start).toBeGreaterThan(chunks[index - 1]?.start ?? -1);
          expect(end).toBeGreaterThan(chunks[index - 1]?.end ?? 0);
          expect(end).toBeLessThanOrEqual(text.length);
          expect(text.slice(start, end)).toMatch(/^\S(?:[\s\S]*\S)?$/u);
        });
      }),
      runs(500),
    );
  });

  test('leave nothing out but white space', () => {
    fc.assert(
      fc.property(anyText(), anyChunking(), fc.boolean(), (text, chunking, markdown) => {
        let covered = 0;
        for (const { start, end } of chunkText(text, chunking, markdown)) {
          expect(text.slice(covered, Math.max(covered, start)).trim()).toBe('');
          covered = end;
        }
        expect(text.slice(covered).trim()).toBe('');
      }),
      runs(500),
    );
  });

  test('never cut through a grapheme, and so never through a surrogate pair', () => {
    fc.assert(
      fc.property(anyText(), anyChunking(), fc.boolean(), (text, chunking, markdown) => {
        const boundaries = boundariesOf(text);
        // White space around a chunk is left out, also where Unicode counts it to the sign beside it.
        const isWhole = (at: number, outside: string | undefined): boolean => boundaries.has(at) || outside?.trim() === '';
        for (const { start, end } of chunkText(text, chunking, markdown))
          expect([isWhole(start, text[start - 1]), isWhole(end, text[end])]).toEqual([true, true]);
      }),
      runs(1000),
    );
  });

  test('keep to the most tokens, except for a single grapheme that is longer', () => {
    fc.assert(
      fc.property(anyText(), anyChunking(), fc.boolean(), (text, chunking, markdown) => {
        for (const piece of textsOf(text, chunking, markdown)) {
          expect(estimateTokens(piece) <= (chunking.max_tokens ?? limits.chunkTokens) || isOneGrapheme(piece)).toBe(true);
        }
      }),
      runs(500),
    );
  });

  test('repeat of the chunk before at most what the overlap allows', () => {
    fc.assert(
      fc.property(anyText(), anyChunking(), (text, chunking) => {
        const chunks = chunkText(text, chunking, false);
        chunks.forEach(({ start }, index) => {
          const before = chunks[index - 1]?.end ?? start;
          if (start < before) expect(estimateTokens(text.slice(start, before))).toBeLessThanOrEqual(chunking.overlap_tokens ?? 16);
        });
      }),
      runs(300),
    );
  });

  test('are the same every time', () => {
    fc.assert(
      fc.property(anyText(), anyChunking(), fc.boolean(), (text, chunking, markdown) => {
        expect(chunkText(text, chunking, markdown)).toEqual(chunkText(text, chunking, markdown));
      }),
      runs(50),
    );
  });
});

describe('where a text is cut', () => {
  test('a short text is one chunk, without the white space around it', () => {
    expect(chunkText('  One.\n\nTwo.\n', {}, false)).toEqual([{ start: 2, end: 12, headings: [] }]);
  });

  test.each(['', ' ', '\n\t\u00a0'])('%j has no chunks', (text) => {
    expect(chunkText(text, {}, true)).toEqual([]);
    expect(chunkText(text, { strategy: 'none' }, true)).toEqual([]);
  });

  test('strategy none keeps a text whole, however long', () => {
    expect(textsOf(`${'word '.repeat(10_000)}`, { strategy: 'none', max_tokens: 16 })).toHaveLength(1);
  });

  test('paragraphs stay whole when they fit, sentences when the paragraph does not', () => {
    const paragraph = (name: string): string => `${name} has four words here, and some more of them.`;
    const text = [paragraph('Alpha'), paragraph('Beta'), `${paragraph('Gamma')} ${paragraph('Delta')}`].join('\n\n');
    expect(textsOf(text, { max_tokens: 16, overlap_tokens: 0 })).toEqual([paragraph('Alpha'), paragraph('Beta'), paragraph('Gamma'), paragraph('Delta')]);
  });

  test('a sentence goes on where a line was wrapped by hand', () => {
    const sentence = (name: string): string => `${name} goes on in the next\nline and ends only there.`;
    const text = ['Alpha', 'Beta', 'Gamma'].map(sentence);
    expect(textsOf(text.join(' '), { max_tokens: 16, overlap_tokens: 0 })).toEqual(text);
  });

  test('the next chunk begins with whole sentences from the end of the one before', () => {
    const text = 'First one here. Second one here. Third one here. Fourth one here. Fifth one here.';
    const chunks = textsOf(text, { max_tokens: 13, overlap_tokens: 5 });
    expect(chunks).toEqual(['First one here. Second one here. Third one here.', 'Third one here. Fourth one here. Fifth one here.']);
  });

  test('small parts before a large one are not repeated again and again', () => {
    const text = `${'Tiny line.\n\n'.repeat(8)}${'word '.repeat(30)}`;
    expect(textsOf(text, { max_tokens: 40, overlap_tokens: 20 }).length).toBeLessThanOrEqual(2);
  });

  test('blank lines count: two words far apart are not one chunk', () => {
    expect(textsOf(`a${'\n'.repeat(1000)}b`, { max_tokens: 16 })).toEqual(['a', 'b']);
  });
});

describe('Markdown', () => {
  const text = ['# Guide #', 'Intro.', '## Setup ##', 'Install it.', '### Linux', 'apt.', '## Use', 'Run it.', '# Other', 'End.'].join('\n\n');
  const paths = (markdown: string, chunking: Chunking = {}): Record<string, string[]> =>
    Object.fromEntries(
      chunkText(markdown, { max_tokens: 16, overlap_tokens: 0, ...chunking }, true).map(({ start, end, headings }) => [markdown.slice(start, end), headings]),
    );

  test('each chunk knows the headings above it, outermost first', () => {
    expect(paths(text)).toEqual({
      '# Guide #\n\nIntro.': ['Guide'],
      '## Setup ##\n\nInstall it.': ['Guide', 'Setup'],
      '### Linux\n\napt.': ['Guide', 'Setup', 'Linux'],
      '## Use\n\nRun it.': ['Guide', 'Use'],
      '# Other\n\nEnd.': ['Other'],
    });
  });

  test('is told by the media type or the strategy, and is plain text otherwise', () => {
    const withHeadings = (strategy: Chunking['strategy'], markdown: boolean): boolean =>
      chunkText(text, strategy === undefined ? {} : { strategy }, markdown).some(({ headings }) => headings.length > 0);
    expect([withHeadings('auto', true), withHeadings(undefined, true), withHeadings('markdown', false)]).toEqual([true, true, true]);
    expect([withHeadings('auto', false), withHeadings('recursive', true)]).toEqual([false, false]);
  });

  test('a code block stays whole when it fits, whatever blank lines and headings stand in it', () => {
    const code = '```sh\n# not a heading\n\nls\n\n~~~\n```';
    expect(textsOf(`Some words before it, quite a few.\n${code}\nSome words after it, quite a few.`, { max_tokens: 16, overlap_tokens: 0 }, true)).toEqual([
      'Some words before it, quite a few.',
      code,
      'Some words after it, quite a few.',
    ]);
  });

  test.each(['```', '~~~', '````', '   ```'])('code blocks of any fence (%j) stay whole for every text in them that fits', (fence) => {
    const line = fc.constantFrom('', 'x = 1', '# c', '## d', '- e', '``', '> f');
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), (lines) => {
        const code = `${fence}\n${lines.join('\n')}\n${fence.trim()}`;
        const markdown = `A paragraph before.\n\n${code}\n\nA paragraph after.`;
        const max_tokens = Math.max(limits.chunkTokensMin, estimateTokens(code));
        expect(textsOf(markdown, { max_tokens }, true).some((chunk) => chunk.includes(code.trim()))).toBe(true);
      }),
      runs(50),
    );
  });

  test('inline code at the beginning of a line opens no code block', () => {
    expect(paths('# One\n\n```inline``` code.\n\n# Two\n\nText.')).toEqual({ '# One\n\n```inline``` code.': ['One'], '# Two\n\nText.': ['Two'] });
  });

  test('a fence with a language does not close a code block', () => {
    expect(paths('# One\n\n```\n```js\n# no heading\n```\n\n# Two')).toEqual({ '# One\n\n```\n```js\n# no heading\n```': ['One'], '# Two': ['Two'] });
  });

  test('a line of = or - below a line of text makes it a heading, below a list, a table or front matter it does not', () => {
    expect(paths('Guide\n=====\n\nIntro.\n\nUse\n---\n\nRun it.')).toEqual({ 'Guide\n=====\n\nIntro.': ['Guide'], 'Use\n---\n\nRun it.': ['Guide', 'Use'] });
    for (const other of ['---\ntitle: x\n---\nText.', '- item\n---\nText.', '| a |\n---\nText.', 'Two\nlines\n---\nText.'])
      expect(Object.values(paths(other)).flat()).toEqual([]);
  });

  test('a table that is too long is cut between its rows', () => {
    const rows = Array.from({ length: 12 }, (_, index) => `| Item no. ${index} | It costs. A lot. |`);
    for (const chunk of textsOf(rows.join('\n'), { max_tokens: 24, overlap_tokens: 0 }, true)) for (const row of chunk.split('\n')) expect(rows).toContain(row);
  });

  test('a heading of any length adds a bounded text to the chunks below it', () => {
    const chunks = chunkText(`# ${'😀'.repeat(50_000)}\n\nBelow.`, {}, true);
    expect(chunks.flatMap(({ headings }) => headings).every((heading) => heading.length <= 256 && heading.isWellFormed())).toBe(true);
  });
});

describe('a document in parts', () => {
  const part = (text: string, page: number): Part => ({
    text,
    page,
    blocks: [{ start: 0, end: text.length, ...(text.startsWith('Chapter') ? { heading: 1 } : {}) }],
  });

  test('has chunks that count from its beginning, each on its page, under headings that hold across parts', () => {
    const chunker = createChunker({}, 'Title');
    expect([part('Chapter 1', 1), part('Some text.', 2), part('  ', 3), part('Chapter 2', 4)].flatMap(chunker)).toEqual([
      { start: 0, end: 9, headings: ['Title', 'Chapter 1'], page: 1 },
      { start: 9, end: 19, headings: ['Title', 'Chapter 1'], page: 2 },
      { start: 21, end: 30, headings: ['Title', 'Chapter 2'], page: 4 },
    ]);
  });

  test('whose title is its first heading has it once', () => {
    expect(createChunker({}, 'chapter 1')(part('Chapter 1', 1)).map(({ headings }) => headings)).toEqual([['Chapter 1']]);
  });

  test('is plain text for the strategy recursive, whatever its format knows', () => {
    expect(createChunker({ strategy: 'recursive' })(part('Chapter 1', 1)).map(({ headings }) => headings)).toEqual([[]]);
  });
});

describe('texts made to be hard', () => {
  // What matters is that none of them takes time that grows with the square of its length: those took minutes.
  const budgetMs = 10_000;
  const long = 200_000;
  test.each([
    ['one word', 'a'.repeat(long), {}],
    ['one grapheme', `a${'\u0301'.repeat(long)}`, {}],
    ['flags', '🇩🇪'.repeat(long / 10), {}],
    ['blank lines', `a${'\n'.repeat(long)}b`, {}],
    ['tiny paragraphs and the largest overlap', 'a\n\n'.repeat(long / 4), { max_tokens: limits.chunkTokensMax, overlap_tokens: limits.chunkTokensMax }],
    ['a heading of blanks', `# a${' '.repeat(long)}b`, {}],
    ['a heading of hashes', `# ${'#'.repeat(long)}x`, {}],
    ['a heading of blanks and hashes', `# ${' #'.repeat(long / 2)}x`, {}],
    ['nothing but fences', '```\n'.repeat(long / 4), {}],
    ['a fence of backticks', `${'`'.repeat(long)}x`, {}],
    ['letters of a script without spaces', 'ภาษาไทย'.repeat(long / 20), {}],
  ])('%s: cut quickly, and not into much more than there is', (_, text, chunking) => {
    const startedMs = performance.now();
    const chunks = chunkText(text, chunking, true);
    expect(performance.now() - startedMs).toBeLessThan(budgetMs);
    expect(chunks.reduce((sum, { start, end }) => sum + end - start, 0)).toBeLessThanOrEqual(3 * text.length);
  });
});
