import { afterAll, beforeAll, expect, test } from 'vitest';
import { storageOptions } from '../../runner/adapters/lance/storage-options.ts';
import { blobsByRoot } from '../../runner/adapters/objects/blobs-at.ts';
import { storageSettings } from '../../runner/storage-settings.ts';
import type { FaultKind } from '../fakes/object-store/faults.ts';
import { type Door, objectStore, serveObjects } from '../fakes/object-store/serve.ts';
import { scaled } from '../scale.ts';
import { converge } from './converge.ts';
import { type Fleet, startFleet } from './fleet.ts';
import type { StoreView } from './published.ts';
import { type SharedRoots, sharedRoots } from './shared-roots.ts';

const runs = scaled(4);
const workers = 3;
const seed = Number(process.env.NEXUS_TEST_SEED ?? Date.now());

/** Of every ten requests one is refused, breaks off before or after its effect, or takes up to 300 ms. */
const faults = { rate: 0.1, kinds: ['unavailable', 'dropBefore', 'dropAfter', 'cut', 'slow'] satisfies FaultKind[], slowMs: 300 };
const root = 'gs://bucket/store';

let roots: SharedRoots;
let fleet: Fleet;
let good: Door;
let bad: Door;
let store: StoreView;
beforeAll(async () => {
  const objects = objectStore(['bucket']);
  good = await serveObjects(objects);
  bad = await serveObjects(objects, faults);
  const settings = storageSettings({ NEXUS_GCS_ENDPOINT: good.url });
  store = { blobs: blobsByRoot(settings)(root), storageOptions: storageOptions(root, settings) };
  roots = sharedRoots();
  const routes = JSON.stringify({
    routes: [
      { id: 'store', kind: 'nexus_store', match: {}, backend: 'lancedb', root },
      { id: 'blobs', kind: 'nexus_blob_store', match: {}, backend: 'blob', root: 'gs://bucket/blobs' },
    ],
  });
  fleet = await startFleet({ ...roots, routes, env: { NEXUS_GCS_ENDPOINT: bad.url } }, workers);
}, 60_000);
afterAll(async () => {
  await fleet.stop();
  await bad.close();
  await good.close();
  roots.remove();
}, 60_000);

test(
  `${runs} histories on ${workers} processes over an object store that fails every tenth request: the same`,
  async () => {
    await converge({ fleet, store, random: Math.random, restMs: 4_000 }, { runs, seed, atOnce: 4 });
    const failed = bad.log.entries.filter(({ status }) => status === 0 || status === 503).length;
    console.log({ requests: bad.log.entries.length, failed });
    expect(failed).toBeGreaterThan(bad.log.entries.length / 40);
  },
  1_200_000 * scaled(1),
);
