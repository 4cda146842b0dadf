import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../scale.ts';
import { bytesOf } from './file-makers.ts';
import { readFile, refusalOf } from './read-file.ts';

const read = (value: unknown) => readFile(bytesOf(JSON.stringify(value)), 'application/json');

describe('JSON', () => {
  test('is lines of text, names before values, strings as they read', async () => {
    const { text } = await read({
      name: 'Ann \u00e9 "x"',
      age: 7,
      address: { city: 'Rome', zip: null },
      tags: ['a', 'b'],
      ok: true,
      none: '',
      list: [{ a: 1 }],
    });
    expect(text).toBe('name: Ann é "x"\nage: 7\naddress.city: Rome\ntags: a, b\nok: true\nlist[0].a: 1');
  });

  test('items of a list are paragraphs that stay together', async () => {
    const { text, blocks } = await read([
      { q: 'One?', a: 'Yes.' },
      { q: 'Two?', a: 'No.' },
    ]);
    expect(text).toBe('q: One?\na: Yes.\n\nq: Two?\na: No.');
    expect(blocks).toEqual([
      { text: 'q: One?\na: Yes.', verbatim: true },
      { text: 'q: Two?\na: No.', verbatim: true },
    ]);
  });

  test('has the title that it names', async () => {
    expect((await read({ title: 'A title', text: 'x' })).title).toBe('A title');
    expect((await read([{ title: 'Not of the whole' }])).title).toBe(undefined);
  });

  test('says every string that is in it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.array(fc.json(), { minLength: 1 }), fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 })), async (value) => {
        const { text } = await read(value);
        const strings: string[] = [];
        JSON.stringify(value, (_, inner) => {
          if (typeof inner === 'string') strings.push(inner);
          return inner;
        });
        for (const said of strings) expect(text).toContain(said);
      }),
      runs(100),
    );
  });

  test('that is nested deeper than any document is refused, however deep', async () => {
    for (const depth of [200, 1_000_000])
      expect(await refusalOf(bytesOf(`${'['.repeat(depth)}1${']'.repeat(depth)}`))).toMatchObject({ code: 'nexus.validation_failed' });
  });
});
