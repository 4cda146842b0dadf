import { expect, test, vi } from 'vitest';
import { createPlaces } from '../../runner/store/spaces.ts';
import { acceptRequest, type Common } from '../../runner/tasks/acceptance.ts';
import { HAZE_REQUESTED, type NexusEvent } from '../../shared/events.ts';
import { registrySchema } from '../../shared/routes.ts';
import { memoryBlobs } from './memory-blobs.ts';
import { caller } from './running-runner.ts';
import { keyOf } from './store-instance.ts';

const space = keyOf('slept');
const nowMs = () => Date.UTC(2026, 4, 1);
const call = { endpoint: 'hazeSnapshot', fingerprint: 'f', requestId: 'req_x', idempotencyKey: 'k' };

test('a runner that slept while it accepted a request, which another has accepted since, publishes it no second time', async () => {
  const blobs = memoryBlobs();
  const routes = (['nexus_store', 'nexus_blob_store'] as const).map((kind) => ({
    ...{ id: kind, kind, match: {}, backend: kind === 'nexus_store' ? 'lancedb' : 'blob', root: '/nowhere' },
  }));
  const registry = registrySchema.parse({ routes });
  const published: NexusEvent[] = [];
  const events = { publish: async (event: NexusEvent) => void published.push(event) };
  const accept = (meanwhile: () => Promise<void>) => {
    const places = createPlaces({ registry: () => registry, blobsAt: () => blobs, nowMs });
    return acceptRequest({ places, events, nowMs }, caller(space), space, call, async (common: Common) => {
      await meanwhile();
      return { kind: 'haze', documents: 0, request: { type: HAZE_REQUESTED, data: { ...common, epoch: 1 } } };
    });
  };

  let [sleptMs, other]: [number, string] = [0, ''];
  const clock = performance.now.bind(performance);
  const spy = vi.spyOn(performance, 'now').mockImplementation(() => clock() + sleptMs);
  try {
    const { task_id } = await accept(async () => {
      other = (await accept(async () => undefined)).task_id;
      sleptMs = 35_000;
    });
    expect([task_id, published.map(({ id }) => id)]).toEqual([other, [other]]);
  } finally {
    spy.mockRestore();
  }
});
