import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { S3Settings } from '../../storage-settings.ts';
import { type ObjectClient, requestTimeoutMs } from './object-client.ts';
import { isStatus, orMissing } from './try-again.ts';

/** S3 and what speaks like it, given conditional puts (`If-None-Match`), which S3 has since August 2024. */
export const s3Client = ({ endpoint, region, credentials }: S3Settings, Bucket: string): ObjectClient => {
  const client = new S3Client({
    region,
    maxAttempts: 1,
    requestHandler: { requestTimeout: requestTimeoutMs, connectionTimeout: requestTimeoutMs },
    ...(credentials === undefined ? {} : { credentials }),
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
  });

  return {
    async get(Key) {
      return (await orMissing(client.send(new GetObjectCommand({ Bucket, Key }))))?.Body?.transformToByteArray();
    },

    async stream(Key, { start, end }) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, Range: `bytes=${start}-${end}` }));
      return Body as unknown as AsyncIterable<Uint8Array>;
    },

    async head(Key) {
      const found = await orMissing(client.send(new HeadObjectCommand({ Bucket, Key })));
      if (found === undefined) return undefined;
      return { bytes: found.ContentLength ?? 0, modifiedMs: found.LastModified?.getTime() ?? 0, writer: found.Metadata?.writer };
    },

    async put(Key, Body, absent) {
      try {
        const condition = absent === undefined ? {} : { IfNoneMatch: '*', Metadata: absent };
        await client.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: 'application/octet-stream', ...condition }));
        return true;
      } catch (error) {
        if (absent !== undefined && isStatus(error, 412)) return false;
        // 409: another conditional write of the same key is under way, and may yet fail.
        if (absent !== undefined && isStatus(error, 409)) throw Object.assign(new Error('conflicting write under way', { cause: error }), { status: 503 });
        throw error;
      }
    },

    async delete(Key) {
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
    },

    async list(Prefix, { token, after, size }) {
      const wish = {
        ContinuationToken: token,
        StartAfter: token === undefined ? after : undefined,
        MaxKeys: size === undefined ? undefined : Math.min(size, 1_000),
      };
      const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix, Delimiter: '/', ...wish }));
      return {
        keys: (page.Contents ?? []).map(({ Key = '' }) => Key),
        folders: (page.CommonPrefixes ?? []).map(({ Prefix: folder = '' }) => folder),
        next: page.NextContinuationToken,
      };
    },
  };
};
