import type { NexusVectorStore } from '../ports/vector-store.ts';
import { isLive } from '../records/space-records.ts';
import type { SpacePlace } from './spaces.ts';

/**
 * Removes the files of a deleted space's earlier lives. Runs under the lease, after the head has let go of them: a reader
 * that still has one of them open finds it gone and looks at the head again.
 */
export const eraseFiles = async ({ store, nowMs }: { store: NexusVectorStore; nowMs: () => number }, { records, table }: SpacePlace): Promise<void> => {
  // Taken before the head is read: what another process writes while this one sleeps is younger, and stays.
  const startedMs = nowMs();
  const head = await records.head.read();
  const writer = await store.writer(table);
  if (head === undefined || writer === undefined) return;
  // A new life may have begun already: its versions are younger than its first row was accepted.
  const before = isLive(head.value) ? Date.parse(head.value.created_at) : startedMs;
  await writer.erase(new Date(before));
};
