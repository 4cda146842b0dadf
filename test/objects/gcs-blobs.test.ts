import { afterAll, beforeAll } from 'vitest';
import { type Door, objectStore, serveObjects } from '../fakes/object-store/serve.ts';
import { blobsBattery } from '../runner/blobs-battery.ts';
import { newPlace } from './fake-places.ts';

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

blobsBattery('blobs on the GCS fake', () => newPlace({ NEXUS_GCS_ENDPOINT: good.url }, 'gs://bucket'));
blobsBattery('blobs on a GCS fake that fails every tenth request', () => newPlace({ NEXUS_GCS_ENDPOINT: bad.url }, 'gs://bucket'));
