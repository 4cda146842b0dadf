import { createHash } from 'node:crypto';
import { CRC32C } from '@google-cloud/storage';

export interface StoredObject {
  name: string;
  bytes: Buffer;
  /** New with each writing of any object. */
  generation: number;
  /** Of the bytes, base64. */
  md5: string;
  crc32c: string;
  contentType: string;
  metadata: Record<string, string>;
  modifiedMs: number;
}

export interface ListWish {
  prefix: string;
  delimiter: string;
  /** Only names at or after this. */
  from: string;
  /** Only names after this; a page's token is its last name or folder. */
  after: string;
  limit: number;
}

export interface ListPage {
  objects: StoredObject[];
  folders: string[];
  next: string | undefined;
}

export interface Bucket {
  get(name: string): StoredObject | undefined;
  put(name: string, bytes: Buffer, given?: { contentType?: string | undefined; metadata?: Record<string, string> }): StoredObject;
  delete(name: string): boolean;
  list(wish: ListWish): ListPage;
}

export const md5Of = (bytes: Buffer): Buffer => createHash('md5').update(bytes).digest();

const crc32cOf = (bytes: Buffer): string => {
  const crc = new CRC32C();
  crc.update(bytes);
  return crc.toString();
};

/** Object stores order names by their UTF-8 bytes, which is by code points. */
const compareNames = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Place of the first name that is not less. */
const lowerBound = (names: readonly string[], name: string): number => {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareNames(names[middle] ?? '', name) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** Objects by name. One call is one moment: a look and a write in one turn of the event loop have nobody between them. */
export const bucket = (): Bucket => {
  const objects = new Map<string, StoredObject>();
  const names: string[] = [];
  let generation = 1_700_000_000_000_000;

  return {
    get: (name) => objects.get(name),
    put(name, bytes, { contentType = 'application/octet-stream', metadata = {} } = {}) {
      if (!objects.has(name)) names.splice(lowerBound(names, name), 0, name);
      generation += 1;
      const md5 = md5Of(bytes).toString('base64');
      const stored = { name, bytes, generation, md5, crc32c: crc32cOf(bytes), contentType, metadata, modifiedMs: Date.now() };
      objects.set(name, stored);
      return stored;
    },
    delete(name) {
      const existed = objects.delete(name);
      if (existed) names.splice(lowerBound(names, name), 1);
      return existed;
    },
    list({ prefix, delimiter, from, after, limit }) {
      const page: ListPage = { objects: [], folders: [], next: undefined };
      const start = [prefix, from, after].reduce((a, b) => (compareNames(a, b) < 0 ? b : a));
      let last = '';
      for (let index = lowerBound(names, start); index < names.length; index++) {
        const name = names[index] ?? '';
        if (!name.startsWith(prefix)) break;
        if (after !== '' && (compareNames(name, after) <= 0 || (after.endsWith('/') && name.startsWith(after)))) continue;
        const end = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
        const folder = end === -1 ? undefined : name.slice(0, end + delimiter.length);
        if (folder !== undefined && folder === page.folders.at(-1)) continue;
        if (page.objects.length + page.folders.length === limit) return { ...page, next: last };
        if (folder !== undefined) page.folders.push(folder);
        else page.objects.push(objects.get(name) as StoredObject);
        last = folder ?? name;
      }
      return page;
    },
  };
};
