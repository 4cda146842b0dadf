import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileBlobs } from '../../runner/adapters/file-blobs.ts';
import { blobsBattery } from './blobs-battery.ts';

const bytes = new TextEncoder().encode('x');
let outer: string;
beforeEach(async () => {
  outer = await mkdtemp(join(tmpdir(), 'nexus-blobs-'));
});
afterEach(() => rm(outer, { recursive: true, force: true }));

blobsBattery('blobs in a folder', async () => {
  const root = await mkdtemp(join(tmpdir(), 'nexus-blobs-'));
  return { blobs: fileBlobs(root), remove: () => rm(root, { recursive: true, force: true }) };
});

describe('blobs in a folder of the disk', () => {
  test('stand under their names in the root, which is made when it is first needed', async () => {
    const blobs = fileBlobs(join(outer, 'not', 'yet'));
    expect(await blobs.list('')).toEqual([]);
    await blobs.putBytes('a/b.json', bytes);
    expect(blobs.resolveUri('a/b.json')).toBe(join(outer, 'not', 'yet', 'a', 'b.json'));
    expect(await readFile(join(outer, 'not', 'yet', 'a', 'b.json'), 'utf8')).toBe('x');
  });

  test('can be read by their owner alone', async () => {
    const blobs = fileBlobs(outer);
    await blobs.putBytes('a', bytes);
    await blobs.putIfAbsent('b', bytes);
    for (const name of ['a', 'b']) expect((await stat(join(outer, name))).mode & 0o077).toBe(0);
  });

  test('leave nothing in the scratch folder, whether they were written, refused or failed', async () => {
    const blobs = fileBlobs(outer);
    await blobs.putBytes('a', bytes);
    await blobs.putIfAbsent('a', bytes);
    await blobs.putBytes('folder/in', bytes);
    await expect(blobs.putBytes('folder', bytes)).rejects.toThrow();
    await expect(blobs.putBytes('a/below', bytes)).rejects.toThrow();
    await expect(blobs.putIfAbsent('a/below', bytes)).rejects.toThrow();
    const left = await Promise.all((await readdir(outer)).filter((name) => name.startsWith('.')).map((name) => readdir(join(outer, name))));
    expect(left.flat()).toEqual([]);
  });

  test('written by two instances on one folder have one winner', async () => {
    const [one, other] = [fileBlobs(outer), fileBlobs(outer)];
    for (let round = 0; round < 10; round++) {
      const won = await Promise.all([one, other, one, other].map((blobs) => blobs.putIfAbsent(`r/${round}`, bytes)));
      expect(won.filter(Boolean)).toHaveLength(1);
    }
  });

  test('a file that others delete while it comes, with its folder, is written all the same', async () => {
    const blobs = fileBlobs(outer);
    let isOver = false;
    const deleting = async (): Promise<void> => {
      while (!isOver) await blobs.delete('folder/a');
    };
    const deleters = [deleting(), deleting()];
    const writing = async (): Promise<void> => {
      for (let round = 0; round < 200; round++) await (round % 2 === 0 ? blobs.putBytes('folder/a', bytes) : blobs.putIfAbsent('folder/a', bytes));
    };
    await Promise.all([writing(), writing()]).finally(() => {
      isOver = true;
    });
    await Promise.all(deleters);
  });

  test('a write that fails for the disk’s reasons tells them', async () => {
    await writeFile(join(outer, 'file'), 'x');
    await expect(fileBlobs(join(outer, 'file')).putBytes('a', bytes)).rejects.toMatchObject({ code: expect.stringMatching(/ENOTDIR|EEXIST/) });
  });
});
