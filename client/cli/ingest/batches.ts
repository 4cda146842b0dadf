import type { IngestDocument } from '../../../shared/http/ingest.ts';
import { limits } from '../../../shared/limits.ts';

/** Requests' worth of documents: as many as fit by count and by bytes; one that is larger alone goes alone. */
export async function* batchesOf(documents: AsyncIterable<IngestDocument>): AsyncGenerator<IngestDocument[]> {
  let batch: IngestDocument[] = [];
  let batchBytes = 0;
  for await (const document of documents) {
    const bytes = Buffer.byteLength(JSON.stringify(document));
    if (batch.length > 0 && (batch.length === limits.documentsPerRequest || batchBytes + bytes > limits.cliBatchBytes)) {
      yield batch;
      batch = [];
      batchBytes = 0;
    }
    batch.push(document);
    batchBytes += bytes;
  }
  if (batch.length > 0) yield batch;
}

/** Works on several items at once. After a failure it takes no more, lets the others end, and throws the first. */
export const eachInFlight = async <T>(items: AsyncIterable<T>, most: number, work: (item: T) => Promise<void>): Promise<void> => {
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const item of items) {
    const one: Promise<void> = work(item)
      .catch((error) => void failures.push(error))
      .finally(() => underWay.delete(one));
    underWay.add(one);
    if (underWay.size >= most) await Promise.race(underWay);
    if (failures.length > 0) break;
  }
  await Promise.all(underWay);
  if (failures.length > 0) throw failures[0];
};
