import { blobsByRoot } from '../../runner/adapters/objects/blobs-at.ts';
import type { Blobs } from '../../runner/ports/blobs.ts';
import { type StorageVariables, storageSettings } from '../../runner/storage-settings.ts';

let places = 0;

/** A new, empty place in a bucket, for one test of the battery. */
export const newPlace = async (variables: StorageVariables, bucketUri: string): Promise<{ blobs: Blobs; remove: () => Promise<void> }> => {
  places += 1;
  return { blobs: blobsByRoot(storageSettings(variables))(`${bucketUri}/place-${places}`), remove: async () => undefined };
};

/** Any key will do for a fake that checks no signature. */
export const s3Variables = (endpoint: string): StorageVariables => ({
  NEXUS_S3_REGION: 'eu-central-1',
  NEXUS_S3_ENDPOINT: endpoint,
  NEXUS_S3_ACCESS_KEY_ID: 'test',
  NEXUS_S3_SECRET_ACCESS_KEY: 'test-secret',
});
