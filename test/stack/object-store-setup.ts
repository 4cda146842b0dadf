import { objectStore, serveObjects } from '../fakes/object-store/serve.ts';

/** One fake of Google's store for the whole run: stacks that are started with it in sight keep tables and blobs there. */
export default async (): Promise<() => Promise<void>> => {
  const door = await serveObjects(objectStore(['bucket']));
  process.env.NEXUS_TEST_GCS = door.url;
  return async () => {
    if (door.log.entries.length === 0) throw new Error('no stack has used the object store');
    await door.close();
  };
};
