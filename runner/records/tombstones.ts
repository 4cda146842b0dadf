import { z } from 'zod';
import { limits } from '../../shared/limits.ts';
import type { Order } from '../store/order.ts';
import { getJson, putJson } from './json-blob.ts';
import type { SpaceRecords } from './space-records.ts';

const tombstonesSchema = z.object({
  written_at: z.string(),
  /** Documents that are gone, each with the order up to which it is: older events stay out. */
  documents: z.array(z.object({ doc_id: z.string(), seq: z.number().int(), task_id: z.string() })),
});
type Tombstone = z.infer<typeof tombstonesSchema>['documents'][number];

/** Documents in one record: bounds what a reader of one has to parse. */
const perRecord = 5_000;
const lastSeq = Number.MAX_SAFE_INTEGER;

/** The name begins with the highest seq inside, complemented: a list begins with the newest. */
const nameOf = (seq: number, taskId: string, part: number): string => `${String(lastSeq - seq).padStart(16, '0')}-${taskId}-${part}.json`;
const seqOfName = (name: string): number => lastSeq - Number(name.slice(0, 16));
const namePattern = /^\d{16}-task_[0-9a-f]+-\d+\.json$/;

/**
 * Tombstones are true as soon as their request was accepted, so they are written before the commit that needs them,
 * and writing them twice does no harm.
 */
export const writeTombstones = async ({ blobs, place }: SpaceRecords, taskId: string, documents: readonly Tombstone[], nowMs: number): Promise<void> => {
  for (let part = 0; part * perRecord < documents.length; part++) {
    const some = documents.slice(part * perRecord, (part + 1) * perRecord);
    const newest = Math.max(...some.map(({ seq }) => seq));
    await putJson(blobs, `${place.tombstones}/${nameOf(newest, taskId, part)}`, { written_at: new Date(nowMs).toISOString(), documents: some });
  }
};

/** Removes tombstones whose lifetime is over: no event is that old. */
export const dropOldTombstones = async ({ blobs, place }: SpaceRecords, nowMs: number): Promise<void> => {
  const oldest = (nowMs - limits.tombstoneTtlMs) * 1000;
  for (const name of await blobs.list(place.tombstones))
    if (namePattern.test(name) && seqOfName(name) < oldest) await blobs.delete(`${place.tombstones}/${name}`);
};

/** The newest tombstone of each of these documents, among those that could be newer than a seq. */
export const findTombstones = async ({ blobs, place }: SpaceRecords, docIds: ReadonlySet<string>, fromSeq: number): Promise<Map<string, Order>> => {
  const names = (await blobs.list(place.tombstones)).filter((name) => namePattern.test(name) && seqOfName(name) >= fromSeq);
  const found = new Map<string, Order>();
  for (const name of names) {
    const record = await getJson(blobs, `${place.tombstones}/${name}`, tombstonesSchema);
    for (const { doc_id, seq, task_id } of record?.documents ?? []) {
      const known = found.get(doc_id);
      if (docIds.has(doc_id) && (known === undefined || known.seq < seq)) found.set(doc_id, { seq, task_id });
    }
  }
  return found;
};
