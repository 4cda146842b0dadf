import { createHash } from 'node:crypto';
import { type Blobs, checkBlobName } from '../../runner/ports/blobs.ts';

/**
 * The port in memory, for histories of thousands of steps. It passes the same battery as the others.
 * @param nowMs the store's own clock
 */
export const memoryBlobs = (nowMs: () => number = Date.now): Blobs => {
  const stored = new Map<string, { bytes: Uint8Array<ArrayBuffer>; modifiedMs: number }>();
  const put = (name: string, bytes: Uint8Array): void => {
    stored.set(name, { bytes: Uint8Array.from(bytes), modifiedMs: nowMs() });
  };
  const get = (name: string) => {
    checkBlobName(name);
    return stored.get(name);
  };

  return {
    async putBytes(name, bytes) {
      checkBlobName(name);
      put(name, bytes);
    },
    async putIfAbsent(name, bytes) {
      checkBlobName(name);
      // As if the store were somewhere else: others may come between the call and its effect.
      await Promise.resolve();
      if (stored.has(name)) return false;
      put(name, bytes);
      return true;
    },
    async putByHash(folder, stream) {
      checkBlobName(folder);
      const pieces: Uint8Array[] = [];
      for await (const piece of stream) pieces.push(piece);
      const bytes = Buffer.concat(pieces);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      put(`${folder}/${sha256}`, bytes);
      return { name: `${folder}/${sha256}`, sha256, bytes: bytes.length };
    },
    getBytes: async (name) => get(name)?.bytes,
    async getStream(name, range) {
      const found = get(name)?.bytes;
      if (found === undefined) return undefined;
      return new Response(range === undefined ? found : found.slice(range.start, range.end + 1)).body ?? new Response('').body ?? undefined;
    },
    async head(name) {
      const found = get(name);
      return found === undefined ? undefined : { bytes: found.bytes.length, modifiedMs: found.modifiedMs };
    },
    exists: async (name) => get(name) !== undefined,
    async delete(name) {
      checkBlobName(name);
      stored.delete(name);
    },
    async list(folder, { after, limit, folders = false } = {}) {
      if (folder !== '') checkBlobName(folder);
      const prefix = folder === '' ? '' : `${folder}/`;
      const below = [...stored.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length).split('/'));
      const names = new Set(below.filter((steps) => (folders ? steps.length > 1 : steps.length === 1)).map(([first = '']) => first));
      const sorted = [...names].filter((name) => after === undefined || name > after).sort();
      return limit === undefined ? sorted : sorted.slice(0, limit);
    },
    resolveUri(name) {
      checkBlobName(name);
      return `memory://${name}`;
    },
  };
};
