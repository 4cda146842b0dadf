import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BlobNameError, type Blobs } from '../../runner/ports/blobs.ts';

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield bytesOf(text);
}
async function* broken(): AsyncGenerator<Uint8Array> {
  yield bytesOf('the first half');
  throw new Error('the sender went away');
}

/** Names that no adapter may take: each would lie somewhere else, or nowhere. */
const badNames = [
  '',
  '.',
  '..',
  '../x',
  'a/../b',
  'a/..',
  './a',
  'a//b',
  '/a',
  '/',
  'a/',
  'a\\b',
  'a\0b',
  'a\nb',
  'a\u007f',
  'é'.repeat(513),
  'a'.repeat(1025),
];

/** What every adapter of the port promises. @param make a new, empty place, and what removes it */
export const blobsBattery = (name: string, make: () => Promise<{ blobs: Blobs; remove: () => Promise<void> }>): void => {
  describe(name, () => {
    let blobs: Blobs;
    let remove: () => Promise<void>;
    beforeEach(async () => {
      ({ blobs, remove } = await make());
    });
    afterEach(() => remove());

    const text = async (at: string): Promise<string | undefined> => {
      const bytes = await blobs.getBytes(at);
      return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
    };
    const streamed = async (at: string, range?: { start: number; end: number }): Promise<string | undefined> => {
      const stream = await blobs.getStream(at, range);
      return stream === undefined ? undefined : new Response(stream).text();
    };

    describe('bytes', () => {
      test('come back as they were written, and are replaced by a later write', async () => {
        await blobs.putBytes('a/b', bytesOf('one'));
        expect(await text('a/b')).toBe('one');
        await blobs.putBytes('a/b', bytesOf('longer two'));
        expect(await text('a/b')).toBe('longer two');
        await blobs.putBytes('a/b', new Uint8Array());
        expect(await text('a/b')).toBe('');
      });

      test('of every value come back', async () => {
        const all = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 31) % 256);
        await blobs.putBytes('all', all);
        expect(Buffer.from((await blobs.getBytes('all')) ?? []).equals(all)).toBe(true);
      });

      test('that are not there are undefined, and deleting them is no error', async () => {
        expect([await text('a'), await streamed('a'), await blobs.head('a'), await blobs.exists('a')]).toEqual([undefined, undefined, undefined, false]);
        await blobs.delete('a/b/c');
        await blobs.putBytes('a/b', bytesOf('x'));
        await blobs.delete('a/b');
        expect(await blobs.exists('a/b')).toBe(false);
      });

      test('under a name below another blob are not there', async () => {
        await blobs.putBytes('a', bytesOf('x'));
        expect([await text('a/b'), await blobs.head('a/b'), await blobs.exists('a/b')]).toEqual([undefined, undefined, false]);
      });

      test('stream whole and in parts, both ends inclusive', async () => {
        await blobs.putBytes('a', bytesOf('0123456789'));
        expect(await streamed('a')).toBe('0123456789');
        expect(await streamed('a', { start: 0, end: 0 })).toBe('0');
        expect(await streamed('a', { start: 2, end: 4 })).toBe('234');
        expect(await streamed('a', { start: 9, end: 9 })).toBe('9');
      });

      test('have a size and a time of their last writing', async () => {
        const before = Date.now();
        await blobs.putBytes('a', bytesOf('four'));
        const head = await blobs.head('a');
        expect(head?.bytes).toBe(4);
        expect(head?.modifiedMs).toBeGreaterThanOrEqual(before - 1000);
        expect(head?.modifiedMs).toBeLessThanOrEqual(Date.now() + 1000);
      });
    });

    describe('putIfAbsent', () => {
      test('writes once; whoever comes later is told so and changes nothing', async () => {
        expect(await blobs.putIfAbsent('a/b', bytesOf('first'))).toBe(true);
        expect(await blobs.putIfAbsent('a/b', bytesOf('second'))).toBe(false);
        expect(await text('a/b')).toBe('first');
      });

      test('has exactly one winner of twenty at once, and the winner’s bytes are there whole', async () => {
        const bodies = Array.from({ length: 20 }, (_, index) => String(index).repeat(10_000));
        const won = await Promise.all(bodies.map((body) => blobs.putIfAbsent('race', bytesOf(body))));
        expect(won.filter(Boolean)).toHaveLength(1);
        expect(await text('race')).toBe(bodies[won.indexOf(true)]);
      });

      test('can be won again after the blob was deleted', async () => {
        await blobs.putIfAbsent('a', bytesOf('first'));
        await blobs.delete('a');
        expect(await blobs.putIfAbsent('a', bytesOf('second'))).toBe(true);
      });
    });

    describe('putByHash', () => {
      test('stores a stream under the hash of its bytes, the same again in the same place', async () => {
        const stored = { name: `folder/${sha256Of('onetwo')}`, sha256: sha256Of('onetwo'), bytes: 6 };
        expect(await blobs.putByHash('folder', pieces('one', 'two'))).toEqual(stored);
        expect(await blobs.putByHash('folder', pieces('onetwo'))).toEqual(stored);
        expect(await text(stored.name)).toBe('onetwo');
        expect(await blobs.list('folder')).toEqual([stored.sha256]);
      });

      test('stores an empty stream', async () => {
        expect(await blobs.putByHash('folder', pieces())).toMatchObject({ bytes: 0, sha256: sha256Of('') });
      });

      test('leaves nothing to be seen of a stream that fails, and fails as it did', async () => {
        await expect(blobs.putByHash('folder', broken())).rejects.toThrow('the sender went away');
        expect(await blobs.list('folder')).toEqual([]);
        expect(await blobs.list('', { folders: true })).toEqual([]);
        expect(await blobs.list('')).toEqual([]);
      });
    });

    describe('a list', () => {
      const fill = (names: readonly string[]) => Promise.all(names.map((one) => blobs.putBytes(one, bytesOf(one))));

      test('is in ascending order, of one folder only, blobs and folders apart', async () => {
        await fill(['f/b', 'f/a', 'f/B', 'f/10', 'f/9', 'f/deep/x', 'f/deeper/y/z', 'g/other', 'top']);
        expect(await blobs.list('f')).toEqual(['10', '9', 'B', 'a', 'b']);
        expect(await blobs.list('f', { folders: true })).toEqual(['deep', 'deeper']);
        expect(await blobs.list('')).toEqual(['top']);
        expect(await blobs.list('', { folders: true })).toEqual(['f', 'g']);
      });

      test('goes on after a name, whether or not that is there, and ends at a limit', async () => {
        await fill(['f/a', 'f/b', 'f/d', 'f/x/1', 'f/y/1']);
        expect(await blobs.list('f', { after: 'a' })).toEqual(['b', 'd']);
        expect(await blobs.list('f', { after: 'c' })).toEqual(['d']);
        expect(await blobs.list('f', { after: 'd' })).toEqual([]);
        expect(await blobs.list('f', { limit: 2 })).toEqual(['a', 'b']);
        expect(await blobs.list('f', { after: 'a', limit: 1 })).toEqual(['b']);
        expect(await blobs.list('f', { folders: true, after: 'x' })).toEqual(['y']);
      });

      test('of a folder that is not there, or is a blob, is empty', async () => {
        await fill(['a']);
        expect(await blobs.list('nowhere/at/all')).toEqual([]);
        expect(await blobs.list('a')).toEqual([]);
      });

      test('does not name a folder whose last blob was deleted', async () => {
        await fill(['f/one/a', 'f/two/a']);
        await blobs.delete('f/one/a');
        expect(await blobs.list('f', { folders: true })).toEqual(['two']);
      });

      test('shows nothing half-written while writes are under way', async () => {
        const body = 'x'.repeat(200_000);
        const writing = Promise.all(Array.from({ length: 20 }, (_, index) => blobs.putBytes(`f/${index % 5}`, bytesOf(body))));
        let done = false;
        void writing.then(() => {
          done = true;
        });
        while (!done) {
          for (const one of await blobs.list('f')) expect((await blobs.getBytes(`f/${one}`))?.length).toBe(body.length);
          expect((await blobs.list('', { folders: true })).filter((one) => one !== 'f')).toEqual([]);
        }
        await writing;
      });
    });

    test('writing into a folder succeeds while others empty it', async () => {
      const turns = Array.from({ length: 40 }, async (_, index) => {
        await blobs.putBytes(`f/${index}`, bytesOf('x'));
        await blobs.delete(`f/${index}`);
        expect(await blobs.putIfAbsent(`f/once-${index}`, bytesOf('x'))).toBe(true);
        await blobs.delete(`f/once-${index}`);
      });
      await Promise.all(turns);
      expect(await blobs.list('f')).toEqual([]);
    });

    test.each(badNames.map((bad) => [bad.length > 40 ? `${bad.slice(0, 3)}… (${bytesOf(bad).length} bytes)` : bad, bad]))(
      'the name %j is refused by every call',
      async (_, bad) => {
        const calls = [
          () => blobs.putBytes(bad, bytesOf('x')),
          () => blobs.putIfAbsent(bad, bytesOf('x')),
          () => blobs.getBytes(bad),
          () => blobs.getStream(bad),
          () => blobs.head(bad),
          () => blobs.exists(bad),
          () => blobs.delete(bad),
          () => blobs.putByHash(bad, pieces('x')),
          async () => blobs.resolveUri(bad),
          // An empty folder name is the root.
          ...(bad === '' ? [] : [() => blobs.list(bad)]),
        ];
        for (const call of calls) await expect(call()).rejects.toBeInstanceOf(BlobNameError);
        expect(await blobs.list('', { folders: true })).toEqual([]);
        expect(await blobs.list('')).toEqual([]);
      },
    );

    test('names that only look strange are taken', async () => {
      for (const strange of ['...', 'a..b', '..a', '%2e%2e', 'a b', '-rf', '~', 'a:b', 'ä', '😀', '__proto__']) {
        await blobs.putBytes(`f/${strange}`, bytesOf(strange));
        expect(await text(`f/${strange}`)).toBe(strange);
      }
    });
  });
};
