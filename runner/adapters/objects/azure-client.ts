import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import type { AzureSettings } from '../../storage-settings.ts';
import { type ObjectClient, requestTimeoutMs } from './object-client.ts';
import { isStatus, orMissing } from './try-again.ts';

/** Azure Blob Storage: a container of one account, by its key. */
export const azureClient = ({ account, key, endpoint }: AzureSettings, containerName: string): ObjectClient => {
  const service = new BlobServiceClient(
    endpoint === undefined ? `https://${account}.blob.core.windows.net` : `${endpoint}/${account}`,
    new StorageSharedKeyCredential(account, key),
    { retryOptions: { maxTries: 1, tryTimeoutInMs: requestTimeoutMs } },
  );
  const container = service.getContainerClient(containerName);

  return {
    async get(name) {
      // Nothing to resume: a body that breaks off is asked for again whole.
      const found = await orMissing(container.getBlobClient(name).download(0, undefined, { maxRetryRequests: 0 }));
      return found?.readableStreamBody === undefined ? undefined : new Uint8Array(await new Response(found.readableStreamBody as never).arrayBuffer());
    },

    async stream(name, { start, end }) {
      const { readableStreamBody } = await container.getBlobClient(name).download(start, end - start + 1, { maxRetryRequests: 0 });
      return readableStreamBody as unknown as AsyncIterable<Uint8Array>;
    },

    async head(name) {
      const found = await orMissing(container.getBlobClient(name).getProperties());
      if (found === undefined) return undefined;
      return { bytes: found.contentLength ?? 0, modifiedMs: found.lastModified?.getTime() ?? 0, writer: found.metadata?.writer };
    },

    async put(name, bytes, absent) {
      try {
        const condition = absent === undefined ? {} : { conditions: { ifNoneMatch: '*' }, metadata: absent };
        await container.getBlockBlobClient(name).upload(bytes as never, bytes.length, condition);
        return true;
      } catch (error) {
        if (absent !== undefined && isStatus(error, 409, 412)) return false;
        throw error;
      }
    },

    async delete(name) {
      await container.getBlobClient(name).deleteIfExists();
    },

    /** Azure begins every list at its beginning: what lies before `after` is read and passed over. */
    async list(prefix, { token, size }) {
      const pages = container
        .listBlobsByHierarchy('/', { prefix })
        .byPage({ ...(token === undefined ? {} : { continuationToken: token }), ...(size === undefined ? {} : { maxPageSize: Math.min(size, 1_000) }) });
      const { value } = await pages.next();
      const { blobItems = [], blobPrefixes = [] } = value?.segment ?? {};
      return {
        keys: blobItems.map(({ name }: { name: string }) => name),
        folders: blobPrefixes.map(({ name }: { name: string }) => name),
        next: value?.continuationToken || undefined,
      };
    },
  };
};
