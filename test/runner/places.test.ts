import { expect, test } from 'vitest';
import { createPlaces } from '../../runner/store/spaces.ts';
import { registrySchema } from '../../shared/routes.ts';
import { memoryBlobs } from './memory-blobs.ts';
import { keyOf } from './store-instance.ts';

test('spaces in use are remembered, and not every name that somebody has asked for', () => {
  const registry = registrySchema.parse({ routes: [{ id: 'store', kind: 'nexus_store', match: {}, backend: 'lancedb', root: '/nowhere' }] });
  const blobs = memoryBlobs();
  const places = createPlaces({ registry: () => registry, blobsAt: () => blobs, nowMs: Date.now });
  const [used, once] = [places.space(keyOf('used')), places.space(keyOf('once'))];
  for (let asked = 0; asked < 5_000; asked++) {
    places.space(keyOf(`asked-${asked}`));
    if (asked % 1_000 === 0) expect(places.space(keyOf('used'))).toBe(used);
  }
  expect(places.space(keyOf('once'))).not.toBe(once);
});
