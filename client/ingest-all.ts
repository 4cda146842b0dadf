import type { IngestDocument } from '../shared/http/ingest.ts';
import { limits } from '../shared/limits.ts';
import type { Scope } from '../shared/space-key.ts';
import type { Space } from './space.ts';
import type { AcceptedTask } from './task.ts';
import type { CallOptions } from './transport.ts';

export interface IngestAllOptions extends CallOptions {
  scope?: Scope | undefined;
  /** Requests on the way at once; default `limits.clientRequestsInFlight`. */
  concurrency?: number | undefined;
  /** Called as soon as a request was accepted: how many documents its task holds. */
  onAccepted?: ((task: AcceptedTask, documents: number) => void) | undefined;
}

const sizeOf = (document: IngestDocument): number => new TextEncoder().encode(JSON.stringify(document)).length;

/** Requests' worth of documents: as many as fit by count and by bytes; one that is larger alone goes alone. */
export async function* batchesOf(documents: Iterable<IngestDocument> | AsyncIterable<IngestDocument>): AsyncGenerator<IngestDocument[]> {
  let batch: IngestDocument[] = [];
  let batchBytes = 0;
  for await (const document of documents) {
    const bytes = sizeOf(document);
    if (batch.length > 0 && (batch.length === limits.documentsPerRequest || batchBytes + bytes > limits.clientBatchBytes)) {
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
const eachInFlight = async <T>(items: AsyncIterable<T>, most: number, work: (item: T) => Promise<void>): Promise<void> => {
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

/** @returns the tasks in the order in which they were accepted */
export const ingestAll = async (
  space: Space,
  documents: Iterable<IngestDocument> | AsyncIterable<IngestDocument>,
  { scope, concurrency = limits.clientRequestsInFlight, onAccepted, ...options }: IngestAllOptions,
): Promise<AcceptedTask[]> => {
  const tasks: AcceptedTask[] = [];
  await eachInFlight(batchesOf(documents), concurrency, async (batch) => {
    const task = await space.ingest({ ...(scope === undefined ? {} : { scope }), documents: batch }, options);
    tasks.push(task);
    onAccepted?.(task, batch.length);
  });
  return tasks;
};
