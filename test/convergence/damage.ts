import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What may befall a file: cut short, emptied, its bytes turned, or something else in its place. */
export const damages: Record<string, (bytes: Buffer) => Buffer> = {
  truncated: (bytes) => bytes.subarray(0, Math.floor(bytes.length / 2)),
  empty: () => Buffer.alloc(0),
  'turned around in the middle': (bytes) => {
    const damaged = Buffer.from(bytes);
    const middle = Math.floor(bytes.length / 2);
    damaged.subarray(middle, middle + 16).reverse();
    damaged[middle] = (damaged[middle] ?? 0) ^ 0xff;
    return damaged;
  },
  foreign: () => Buffer.from('{"hello":"world"}'),
};
export type Damage = (typeof damages)[string];

export const damageFile = (path: string, damage: Damage): void => writeFileSync(path, damage(readFileSync(path)));

/** Every file below a folder. */
export const filesIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name))
        .sort()
    : [];

export const putForeign = (path: string): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, 'nobody knows what this is');
};
