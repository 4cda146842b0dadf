import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { type FileHandle, link, mkdir, open, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { type Blobs, checkBlobName } from '../ports/blobs.ts';

const isCode = (error: unknown, ...codes: string[]): boolean => codes.includes((error as NodeJS.ErrnoException).code ?? '');

/** undefined for what is not there; any other failure is a failure. */
const orMissing = async <T>(work: Promise<T>): Promise<T | undefined> => {
  try {
    return await work;
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP')) return undefined;
    throw error;
  }
};

const isThere = (path: string): boolean => {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // Whatever else is wrong is told by who reads it.
    return true;
  }
};

/** A new name survives a power cut only when its folder has been synced too. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
};

/** Half-written files live here, out of every listing. */
const scratch = '.tmp';

/** Blobs in a folder of a local disk: durable (synced) and atomic (renamed or linked into place). */
export const fileBlobs = (rootPath: string): Blobs => {
  const root = resolve(rootPath);
  const pathOf = (name: string): string => {
    checkBlobName(name);
    return join(root, name);
  };

  const writeScratch = async (write: (handle: FileHandle) => Promise<void>): Promise<string> => {
    const path = join(root, scratch, randomUUID());
    await mkdir(dirname(path), { recursive: true });
    const handle = await open(path, 'wx', 0o600);
    try {
      await write(handle);
      await handle.sync();
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
    return path;
  };

  /** Puts a finished file where it belongs. Its folder may be removed, being empty, between making and using it, again and again. */
  const place = async (put: () => Promise<void>, to: string, triesLeft = 20): Promise<void> => {
    try {
      await mkdir(dirname(to), { recursive: true });
      await put();
    } catch (error) {
      if (!isCode(error, 'ENOENT') || triesLeft === 0) throw error;
      return place(put, to, triesLeft - 1);
    }
    // A folder that is gone was empty: the file was deleted right after it came, and need not outlive anything.
    await orMissing(syncFolder(dirname(to)));
  };

  const moveTo = async (temporary: string, target: string): Promise<void> => {
    try {
      await place(() => rename(temporary, target), target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  };

  return {
    async putBytes(name, bytes) {
      const target = pathOf(name);
      const temporary = await writeScratch((handle) => handle.writeFile(bytes));
      await moveTo(temporary, target);
    },

    async putIfAbsent(name, bytes) {
      const target = pathOf(name);
      const temporary = await writeScratch((handle) => handle.writeFile(bytes));
      let absent = true;
      const linkIfAbsent = async (): Promise<void> => {
        try {
          await link(temporary, target);
        } catch (error) {
          if (!isCode(error, 'EEXIST')) throw error;
          absent = false;
        }
      };
      await place(linkIfAbsent, target).finally(() => rm(temporary, { force: true }));
      return absent;
    },

    async putByHash(folder, stream) {
      checkBlobName(folder);
      const hash = createHash('sha256');
      let bytes = 0;
      const temporary = await writeScratch(async (handle) => {
        for await (const piece of stream) {
          hash.update(piece);
          bytes += piece.length;
          // Not `write`, which may write a part and say so.
          await handle.writeFile(piece);
        }
      });
      const sha256 = hash.digest('hex');
      const name = `${folder}/${sha256}`;
      await moveTo(temporary, join(root, name));
      return { name, sha256, bytes };
    },

    async getBytes(name) {
      const path = pathOf(name);
      // Each strong query asks for the record that would come next, which is mostly not there: to see that takes the
      // system microseconds, and a thread of Node's pool a good part of a millisecond.
      if (!isThere(path)) return undefined;
      const bytes = await orMissing(readFile(path));
      return bytes === undefined ? undefined : new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
    },

    async getStream(name, range) {
      const path = pathOf(name);
      if ((await orMissing(stat(path)))?.isFile() !== true) return undefined;
      return Readable.toWeb(createReadStream(path, range ?? {})) as ReadableStream<Uint8Array>;
    },

    async head(name) {
      const found = await orMissing(stat(pathOf(name)));
      return found?.isFile() === true ? { bytes: found.size, modifiedMs: found.mtimeMs } : undefined;
    },

    async exists(name) {
      return (await orMissing(stat(pathOf(name))))?.isFile() === true;
    },

    async delete(name) {
      const path = pathOf(name);
      await rm(path, { force: true });
      // Object stores have no empty folders; who is just about to write here makes the folder again.
      await rmdir(dirname(path)).catch(() => undefined);
    },

    async list(folder, { after, limit, folders = false } = {}) {
      const entries = (await orMissing(readdir(folder === '' ? root : pathOf(folder), { withFileTypes: true }))) ?? [];
      const names = entries
        .filter((entry) => (folders ? entry.isDirectory() : entry.isFile()) && (after === undefined || entry.name > after))
        .map((entry) => entry.name)
        .filter((entryName) => folder !== '' || entryName !== scratch);
      names.sort();
      return limit === undefined ? names : names.slice(0, limit);
    },

    resolveUri: (name) => pathOf(name),
  };
};
