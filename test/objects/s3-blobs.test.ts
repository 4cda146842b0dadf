import { afterAll, beforeAll } from 'vitest';
import { type Door, objectStore, serveObjects } from '../fakes/object-store/serve.ts';
import { blobsBattery } from '../runner/blobs-battery.ts';
import { newPlace, s3Variables } from './fake-places.ts';

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

blobsBattery('blobs on the S3 fake', () => newPlace(s3Variables(good.url), 's3://bucket'));
blobsBattery('blobs on an S3 fake that fails every tenth request', () => newPlace(s3Variables(bad.url), 's3://bucket'));
