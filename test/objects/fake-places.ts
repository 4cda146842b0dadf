import { afterAll, beforeAll } from 'vitest';
import { blobsByRoot } from '../../runner/adapters/objects/blobs-at.ts';
import type { Blobs } from '../../runner/ports/blobs.ts';
import { type StorageVariables, storageSettings } from '../../runner/storage-settings.ts';
import { type Door, objectStore, serveObjects } from '../fakes/object-store/serve.ts';
import { blobsBattery } from '../runner/blobs-battery.ts';

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

/** The port's battery on the fake of a store, and on one that fails every tenth request. */
export const fakeStoreBattery = (name: string, bucketUri: string, variablesOf: (url: string) => StorageVariables): void => {
  let good: Door;
  let bad: Door;
  beforeAll(async () => {
    good = await serveObjects(objectStore(['bucket']));
    bad = await serveObjects(objectStore(['bucket']), { rate: 0.1, slowMs: 30 });
  });
  afterAll(async () => {
    await good.close();
    await bad.close();
  });

  blobsBattery(`blobs on the ${name} fake`, () => newPlace(variablesOf(good.url), bucketUri));
  blobsBattery(`blobs on the ${name} fake that fails every tenth request`, () => newPlace(variablesOf(bad.url), bucketUri));
};
