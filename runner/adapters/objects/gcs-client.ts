import { EventEmitter } from 'node:events';
import { Storage } from '@google-cloud/storage';
import type { GcsSettings } from '../../storage-settings.ts';
import { type ObjectClient, requestTimeoutMs } from './object-client.ts';
import { isStatus, orMissing } from './try-again.ts';

/** From here on bytes go in pieces, so that a break costs a piece and not all. */
const resumableBytes = 8 * 1024 * 1024;

/** Google's client puts eleven listeners on the stream of a larger answer, and Node would warn of a leak each time. */
EventEmitter.defaultMaxListeners = Math.max(EventEmitter.defaultMaxListeners, 20);

/** Google Cloud Storage by its JSON interface, with the credentials of the machine (workload identity); an emulator has none. */
export const gcsClient = ({ endpoint }: GcsSettings, bucketName: string): ObjectClient => {
  const storage = new Storage({
    retryOptions: { autoRetry: false },
    timeout: requestTimeoutMs,
    ...(endpoint === undefined ? {} : { apiEndpoint: endpoint, projectId: 'emulated' }),
  });
  const bucket = storage.bucket(bucketName);

  return {
    async get(key) {
      return (await orMissing(bucket.file(key).download()))?.[0];
    },

    async stream(key, range) {
      return bucket.file(key).createReadStream(range);
    },

    async head(key) {
      const [found] = (await orMissing(bucket.file(key).getMetadata())) ?? [];
      if (found === undefined) return undefined;
      return { bytes: Number(found.size), modifiedMs: Date.parse(found.updated ?? ''), writer: found.metadata?.writer as string | undefined };
    },

    async put(key, bytes, absent) {
      try {
        await bucket.file(key).save(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
          resumable: bytes.length > resumableBytes,
          contentType: 'application/octet-stream',
          ...(absent === undefined ? {} : { preconditionOpts: { ifGenerationMatch: 0 }, metadata: { metadata: absent } }),
        });
        return true;
      } catch (error) {
        if (absent !== undefined && isStatus(error, 412)) return false;
        throw error;
      }
    },

    async delete(key) {
      await orMissing(bucket.file(key).delete());
    },

    async list(prefix, { token, after, size }) {
      const [files, , answer] = await bucket.getFiles({
        prefix,
        delimiter: '/',
        autoPaginate: false,
        fields: 'items(name),prefixes,nextPageToken',
        ...(token === undefined ? {} : { pageToken: token }),
        ...(after === undefined ? {} : { startOffset: after }),
        ...(size === undefined ? {} : { maxResults: Math.min(size, 1_000) }),
      });
      const { prefixes = [], nextPageToken } = answer as { prefixes?: string[]; nextPageToken?: string };
      return { keys: files.map(({ name }) => name), folders: prefixes, next: nextPageToken };
    },
  };
};
