import { afterAll, beforeAll, expect, test } from 'vitest';
import { blobsByRoot } from '../../runner/adapters/objects/blobs-at.ts';
import type { Log } from '../../runner/ports/log.ts';
import { loadRegistry } from '../../runner/registry.ts';
import { storageSettings } from '../../runner/storage-settings.ts';
import { limits } from '../../shared/limits.ts';
import { type Door, objectStore, serveObjects } from '../fakes/object-store/serve.ts';

/** NEXUS_ROUTES as an object of the store itself. */

let door: Door;
beforeAll(async () => {
  door = await serveObjects(objectStore(['bucket']));
});
afterAll(() => door.close());

const document = (...ids: string[]): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({ routes: ids.map((id) => ({ id, kind: 'nexus_store', match: { env: id }, backend: 'lancedb', root: `gs://bucket/${id}` })) }),
  );

const opened = () => {
  const settings = storageSettings({ NEXUS_GCS_ENDPOINT: door.url });
  const blobsAt = blobsByRoot(settings);
  const clock = { ms: 1_000_000 };
  const told: string[] = [];
  const log = { info: (event: string) => void told.push(event), error: (event: string) => void told.push(event), warn: () => undefined } as unknown as Log;
  return { blobs: blobsAt('gs://bucket/config'), clock, told, deps: { settings, blobsAt, nowMs: () => clock.ms, log } };
};

test('is read at start, and again while running: a change is in force after its time, a wrong one never', async () => {
  const { blobs, clock, told, deps } = opened();
  await blobs.putBytes('routes.json', document('dev'));
  const registry = await loadRegistry('gs://bucket/config/routes.json', deps);
  const ids = () => registry().routes.map(({ id }) => id);
  expect(ids()).toEqual(['dev']);

  await blobs.putBytes('routes.json', document('dev', 'prod'));
  expect(ids()).toEqual(['dev']);
  clock.ms += limits.routesCacheMs;
  await expect.poll(ids, { timeout: 30_000 }).toEqual(['dev', 'prod']);
  expect(told).toEqual(['registry.changed']);

  await blobs.putBytes('routes.json', new TextEncoder().encode('{'));
  clock.ms += limits.routesCacheMs;
  ids();
  await expect.poll(() => told, { timeout: 30_000 }).toEqual(['registry.changed', 'registry.unusable']);
  expect(ids()).toEqual(['dev', 'prod']);
});

test('that is missing or no registry is told at start, by its name', async () => {
  const { blobs, deps } = opened();
  await expect(loadRegistry('gs://bucket/config/missing.json', deps)).rejects.toThrow('NEXUS_ROUTES: gs://bucket/config/missing.json: there is no such object');
  await blobs.putBytes('wrong.json', new TextEncoder().encode('{"routes": [{}]}'));
  await expect(loadRegistry('gs://bucket/config/wrong.json', deps)).rejects.toThrow(/wrong\.json: routes\.0/);
});
