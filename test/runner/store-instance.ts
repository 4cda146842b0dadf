import { fileBlobs } from '../../runner/adapters/file-blobs.ts';
import { lanceVectorStore } from '../../runner/adapters/lance/lance-vector-store.ts';
import { newSettings } from '../../runner/ingest/settle.ts';
import type { ChunkRow, FieldValue, NexusVectorStore } from '../../runner/ports/vector-store.ts';
import type { LiveHead } from '../../runner/records/space-records.ts';
import type { Change } from '../../runner/store/changes.ts';
import { type CommitQueue, createCommitQueue, SpaceBusyError } from '../../runner/store/commit-queue.ts';
import { createDoor, type Door } from '../../runner/store/door.ts';
import { createPlaces, type Places } from '../../runner/store/spaces.ts';
import type { FieldType } from '../../shared/http/spaces.ts';
import { registrySchema } from '../../shared/routes.ts';
import { type SpaceKey, spaceKey } from '../../shared/space-key.ts';

export const keyOf = (spaceId: string): SpaceKey => spaceKey({ tenant_id: 't_a', env: 'dev', project_id: 'p', surface_id: 's' }, 'tenant', spaceId);

/** Small enough to be met. */
export const memory = { bytes: 1e7, bytesOfOne: 5e6, idleMs: 60_000 };

/** One process's view of a folder: its own handles, its own memory of records, its own queue. */
export interface StoreInstance {
  places: Places;
  store: NexusVectorStore;
  door: Door;
  queue: CommitQueue;
  nowMs: () => number;
}

export const storeInstance = (folder: string, instance: string, nowMs: () => number = Date.now): StoreInstance => {
  const registry = registrySchema.parse({ routes: [{ id: 'store', kind: 'nexus_store', match: {}, backend: 'lancedb', root: folder }] });
  const blobs = fileBlobs(folder);
  const places = createPlaces({ registry: () => registry, blobsAt: () => blobs, nowMs });
  const store = lanceVectorStore({ indexCacheBytes: 1e7, metadataCacheBytes: 1e7, maxReaders: 64, maxConnections: 8, maxSessionRows: 1e9, memory });
  return { places, store, door: createDoor(places, store), queue: createCommitQueue({ places, store, nowMs, instance }), nowMs };
};

/** Settles a space for vectors of two numbers. */
export const settle = async ({ places, nowMs }: StoreInstance, key: SpaceKey, fields: Record<string, FieldType> = {}): Promise<void> => {
  const { settings } = places.space(key).records;
  const entry = await settings.read();
  await settings.write(entry, { ...(entry?.value ?? newSettings(key, nowMs())), embedding_model: 'external@2', dimension: 2, fields });
};

const task = (seq: number): string => `task_${String(seq).padStart(32, '0')}`;

/** A document of so many chunks, each of which says whose it is, which, and of how many. */
export const documentOf = (docId: string, seq: number, chunks: number, fields: Record<string, FieldValue> = {}): { doc_id: string; rows: ChunkRow[] } => ({
  doc_id: docId,
  rows: Array.from({ length: chunks }, (_, chunk) => ({
    ...{ id: `${docId}#${chunk}`, doc_id: docId, chunk, seq, task_id: task(seq), type: 'document', text: `${seq} ${chunk}/${chunks}`, words: '' },
    ...{ vector: Float32Array.of(1, chunk), metadata: JSON.stringify(fields), fields, source_uri: null, page: null, start: 0, end: 1, lead: '' },
  })),
});

export const write = (docId: string, seq: number, chunks: number, fields: Record<string, FieldValue> = {}): Change => ({
  ...{ kind: 'write', seq, task_id: task(seq), epoch: 1 },
  documents: [documentOf(docId, seq, chunks, fields)],
});
export const remove = (docId: string, seq: number): Change => ({ kind: 'delete', seq, task_id: task(seq), epoch: 1, doc_ids: [docId] });

/** Submits as the event spine does: an event that finds the space busy comes again. */
export const submit = async ({ queue }: StoreInstance, key: SpaceKey, change: Change) => {
  for (;;) {
    try {
      return await queue.submit(key, change);
    } catch (error) {
      if (!(error instanceof SpaceBusyError)) throw error;
    }
  }
};

/** What a published version holds: each document with the seq and the number of its chunks. @throws when one is torn or doubled */
export const contentAt = async ({ door }: StoreInstance, key: SpaceKey, head: LiveHead): Promise<Record<string, string>> => {
  const reader = await door.reader(key, head, head);
  const content: Record<string, string> = {};
  let rows = 0;
  for (const { doc_id, seq, chunks } of await reader.documents(undefined, 10_000, undefined)) {
    if (content[doc_id] !== undefined) throw new Error(`${doc_id} is there twice`);
    const texts = (await reader.pieces(doc_id)).map(({ text }) => text);
    const whole = texts.map((_, chunk) => `${seq} ${chunk}/${texts.length}`);
    if (texts.length !== chunks || texts.join() !== whole.join()) throw new Error(`${doc_id} is torn: ${texts.join()}`);
    content[doc_id] = `${seq} × ${chunks}`;
    rows += chunks;
  }
  const stats = await reader.stats();
  if (stats.chunks !== rows) throw new Error(`${stats.chunks - rows} rows belong to no whole document`);
  return content;
};

/** The same for what is published now; nothing when nothing is. */
export const published = async (instance: StoreInstance, key: SpaceKey): Promise<Record<string, string>> => {
  const head = await instance.door.head(key);
  return head === undefined ? {} : contentAt(instance, key, head);
};
