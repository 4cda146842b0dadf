import { fileURLToPath } from 'node:url';
import type { Blobs } from '../../ports/blobs.ts';
import { parseObjectRoot, requireSettings, type StorageSettings } from '../../storage-settings.ts';
import { fileBlobs } from '../file-blobs.ts';
import { objectBlobs } from './object-blobs.ts';
import type { ObjectClient } from './object-client.ts';

const folderOf = (root: string): string => (root.startsWith('file://') ? fileURLToPath(root) : root);

/** A vendor's client weighs megabytes: it is loaded when the first route leads to its store. */
const connect = async (settings: StorageSettings, scheme: 'gs' | 's3' | 'az', bucket: string): Promise<ObjectClient> => {
  switch (scheme) {
    case 'gs':
      return (await import('./gcs-client.ts')).gcsClient(settings.gcs, bucket);
    case 's3':
      return (await import('./s3-client.ts')).s3Client(requireSettings(settings, 's3'), bucket);
    case 'az':
      return (await import('./azure-client.ts')).azureClient(requireSettings(settings, 'azure'), bucket);
  }
};

/** The blobs of a root: a folder or a bucket, the same one each time. */
export const blobsByRoot = (settings: StorageSettings): ((root: string) => Blobs) => {
  const known = new Map<string, Blobs>();
  const open = (root: string): Blobs => {
    const place = parseObjectRoot(root);
    if (place === undefined) return fileBlobs(folderOf(root));
    const { scheme, bucket, prefix } = place;
    return objectBlobs({ bucketUri: `${scheme}://${bucket}`, prefix }, () => connect(settings, scheme, bucket));
  };
  return (root) => {
    const blobs = known.get(root) ?? open(root);
    known.set(root, blobs);
    return blobs;
  };
};
