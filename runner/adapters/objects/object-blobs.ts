import { createHash, randomUUID } from 'node:crypto';
import { BlobNameError, type Blobs, ConditionsIgnoredError, checkBlobName } from '../../ports/blobs.ts';
import { noteBytes, noteRequest } from '../../ports/request-tally.ts';
import type { ObjectClient, ObjectPage } from './object-client.ts';
import { tryAgain } from './try-again.ts';

/** What every store takes as a key. */
const keyBytesMax = 1_024;
/** Written once in a root's life; from then on it must be in the way of who writes it again. */
const probeName = '_conditions';

export interface ObjectRoot {
  /** `gs://bucket`. */
  bucketUri: string;
  /** Empty, or without a `/` at its ends. */
  prefix: string;
}

/**
 * Blobs in a bucket of an object store, under a prefix. Each write is one request, whole or not at all; each read sees
 * every write that has ended before (all three stores are strongly consistent).
 * @param connect loads the vendor's client when it is first needed
 */
export const objectBlobs = ({ bucketUri, prefix }: ObjectRoot, connect: () => Promise<ObjectClient>): Blobs => {
  const base = prefix === '' ? '' : `${prefix}/`;
  let connecting: Promise<ObjectClient> | undefined;
  const client = (): Promise<ObjectClient> => {
    connecting ??= connect();
    return connecting;
  };
  const keyOf = (name: string): string => {
    checkBlobName(name);
    const key = base + name;
    if (Buffer.byteLength(key) > keyBytesMax) throw new BlobNameError('not a valid blob name');
    return key;
  };
  const ask = async <T>(request: (client: ObjectClient) => Promise<T>): Promise<T> => {
    const connected = await client();
    return tryAgain(() => {
      noteRequest();
      return request(connected);
    });
  };

  const putConditionally = async (key: string, bytes: Uint8Array): Promise<boolean> => {
    const writer = randomUUID();
    if (await ask((connected) => connected.put(key, bytes, { writer }))) return true;
    // An answer that was lost, and a second try, look like somebody else's writing: the mark tells.
    return (await ask((connected) => connected.head(key)))?.writer === writer;
  };

  /** Some stores that speak a vendor's language take a condition and do not look at it. One that says yes twice is one of them. */
  const probe = async (): Promise<void> => {
    const write = () => putConditionally(keyOf(probeName), new Uint8Array());
    if ((await write()) && (await write())) throw new ConditionsIgnoredError(`${bucketUri} ignores conditions on writes`);
  };
  let probing: Promise<void> | undefined;
  /** Asked once a process, before its first conditional write. */
  const requireConditions = (): Promise<void> => {
    probing ??= probe().catch((error: unknown) => {
      probing = undefined;
      throw error;
    });
    return probing;
  };

  /** A stream that breaks off goes on where it was: the object is asked for again from there. */
  async function* pieces(key: string, start: number, end: number): AsyncGenerator<Uint8Array> {
    let at = start;
    while (at <= end) {
      const from = at;
      // Opening and the first piece are one try: a stream fails where it is read, not where it is opened.
      const [first, rest] = await ask(async (connected) => {
        const iterator = (await connected.stream(key, { start: from, end }))[Symbol.asyncIterator]();
        return [await iterator.next(), iterator] as const;
      });
      if (first.done === true) throw new Error(`object ${key} ended at ${at} of ${end}`);
      try {
        for (let next: IteratorResult<Uint8Array> = first; next.done !== true; next = await rest.next()) {
          at += next.value.length;
          yield next.value;
        }
      } catch {
        // What has come is the caller's; the rest is asked for again.
      } finally {
        await rest.return?.();
      }
    }
  }

  return {
    async putBytes(name, bytes) {
      const key = keyOf(name);
      noteBytes(bytes.length);
      await ask((connected) => connected.put(key, bytes));
    },

    async putIfAbsent(name, bytes) {
      const key = keyOf(name);
      await requireConditions();
      noteBytes(bytes.length);
      return putConditionally(key, bytes);
    },

    async putByHash(folder, stream) {
      checkBlobName(folder);
      // The name follows from the last byte. Callers bound what they send; nothing half-written is ever in the bucket.
      const received: Uint8Array[] = [];
      for await (const piece of stream) received.push(piece);
      const bytes = Buffer.concat(received);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const name = `${folder}/${sha256}`;
      await this.putBytes(name, bytes);
      return { name, sha256, bytes: bytes.length };
    },

    async getBytes(name) {
      const key = keyOf(name);
      const bytes = await ask((connected) => connected.get(key));
      noteBytes(bytes?.length ?? 0);
      return bytes === undefined ? undefined : new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
    },

    async getStream(name, range) {
      const key = keyOf(name);
      const found = await ask((connected) => connected.head(key));
      if (found === undefined) return undefined;
      return ReadableStream.from(pieces(key, range?.start ?? 0, Math.min(range?.end ?? found.bytes, found.bytes - 1)));
    },

    async head(name) {
      const key = keyOf(name);
      const found = await ask((connected) => connected.head(key));
      return found === undefined ? undefined : { bytes: found.bytes, modifiedMs: found.modifiedMs };
    },

    async exists(name) {
      return (await this.head(name)) !== undefined;
    },

    async delete(name) {
      const key = keyOf(name);
      await ask((connected) => connected.delete(key));
    },

    async list(folder, { after, limit, folders = false } = {}) {
      const under = folder === '' ? base : `${keyOf(folder)}/`;
      const names: string[] = [];
      const enough = (): boolean => limit !== undefined && names.length >= limit;
      let token: string | undefined;
      do {
        const wish = { token, after: after === undefined ? undefined : under + after, size: limit === undefined ? undefined : limit - names.length + 1 };
        const page: ObjectPage = await ask((connected) => connected.list(under, wish));
        const found = folders ? page.folders.map((key) => key.slice(under.length, -1)) : page.keys.map((key) => key.slice(under.length));
        names.push(...found.filter((name) => name !== '' && (after === undefined || name > after) && (folder !== '' || name !== probeName)));
        token = page.next;
      } while (token !== undefined && !enough());
      // The store orders a folder by its name with the `/`.
      names.sort();
      return limit === undefined ? names : names.slice(0, limit);
    },

    resolveUri: (name) => `${bucketUri}/${keyOf(name)}`,
  };
};
