import { expect, test } from 'vitest';
import { readPassages } from '../../runner/extract/read-passages.ts';
import { type RunIngestDeps, runIngest } from '../../runner/ingest/run-ingest.ts';
import { newSettings } from '../../runner/ingest/settle.ts';
import { type Embedder, embeddersOf } from '../../runner/ports/embedder.ts';
import { taskRecords } from '../../runner/records/task-records.ts';
import type { Change } from '../../runner/store/changes.ts';
import { createPlaces } from '../../runner/store/spaces.ts';
import type { AcceptedDocument, IngestRequest } from '../../shared/events.ts';
import { newId } from '../../shared/ids.ts';
import { limits } from '../../shared/limits.ts';
import { registrySchema } from '../../shared/routes.ts';
import { memoryBlobs } from './memory-blobs.ts';
import { keyOf } from './store-instance.ts';

const space = keyOf('long');
const deadlineMs = 100_000;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A runner whose clock only the work moves: each text and each document that is read takes its time. */
const slowRunner = async (documents: AcceptedDocument[], { textMs = 0, readMs = 0 }: { textMs?: number; readMs?: number }) => {
  let nowMs = Date.UTC(2026, 4, 1);
  let beganMs = nowMs;
  const blobs = memoryBlobs();
  const routes = (['nexus_store', 'nexus_blob_store'] as const).map((kind) => ({
    ...{ id: kind, kind, match: {}, backend: kind === 'nexus_store' ? ('lancedb' as const) : ('blob' as const), root: '/nowhere' },
  }));
  const registry = registrySchema.parse({ routes });
  const places = createPlaces({ registry: () => registry, blobsAt: () => blobs, nowMs: () => nowMs });
  const { settings } = places.space(space).records;
  await settings.write(undefined, { ...newSettings(space, nowMs), embedding_model: 'slow@2', dimension: 2 });

  const work = { embedded: 0, read: 0 };
  const embedder: Embedder = {
    ...{ model: 'slow@2', dimension: 2, fusionWeight: 1 },
    async embedDocuments(texts) {
      // A call that the delivery's deadline ends has made nothing.
      const endsMs = Math.min(nowMs + texts.length * textMs, beganMs + 0.9 * deadlineMs);
      const isCut = endsMs < nowMs + texts.length * textMs;
      nowMs = endsMs;
      if (isCut) throw new Error('too slow');
      work.embedded += texts.length;
      return texts.map((text) => Float32Array.of(1, text.length));
    },
    embedQuery: async () => Float32Array.of(1, 0),
  };
  const committed: Extract<Change, { kind: 'write' }>[] = [];
  const task_id = newId('task', nowMs);
  const deps: RunIngestDeps = {
    places,
    queue: {
      async submit(_, change) {
        committed.push(change as Extract<Change, { kind: 'write' }>);
        return { version: 1, written: documents.length, superseded: 0 };
      },
      withLease: () => Promise.reject(new Error('not used')),
      drained: async () => undefined,
    },
    embedders: embeddersOf(embedder),
    reader: {
      read(source, chunking) {
        work.read += 1;
        nowMs += readMs;
        return readPassages(source, chunking);
      },
    },
    pushDeadlineMs: deadlineMs,
    nowMs: () => nowMs,
    log: silent,
  };
  const { scope: _, space_id: __, ...area } = space;
  const request: IngestRequest = {
    ...{ task_id, space, epoch: 1, requested_by: { ...area, subject: 'x' }, request_id: 'req_x' },
    payload: { documents, refused: [] },
    chunking: { max_tokens: 32, overlap_tokens: 0 },
  };
  const tasks = taskRecords(blobs, area, () => nowMs);
  await tasks.accept({ task_id, kind: 'ingest', space_id: 'long', scope: 'tenant', documents: documents.length, created_at: new Date(nowMs).toISOString() });

  /** Delivers until it is acknowledged. @returns how long each delivery took, in milliseconds */
  const deliver = async (most: number): Promise<number[]> => {
    const tookMs: number[] = [];
    while (tookMs.length < most) {
      beganMs = nowMs;
      const done = await runIngest(deps, request, 1).then(
        () => true,
        () => false,
      );
      tookMs.push(nowMs - beganMs);
      if (done) return tookMs;
    }
    throw new Error(`not done after ${most} deliveries: ${tookMs.join()}`);
  };
  return { deliver, work, committed, blobs, task: () => tasks.read(task_id) };
};

const sentence = (index: number): string => `Sluice gate ${index} was opened at dawn.`;

test('a request that takes four times as long as a push may is done in a few pushes, each document embedded once or nearly so', async () => {
  const documents = Array.from({ length: 400 }, (_, index) => ({ id: `d${index}`, type: 'document', text: sentence(index) }));
  const { deliver, work, committed, blobs, task } = await slowRunner(documents, { textMs: 1_000 });
  const tookMs = await deliver(12);
  expect(Math.max(...tookMs)).toBeLessThanOrEqual(deadlineMs);
  expect(committed).toHaveLength(1);
  expect(committed[0]?.documents.map(({ doc_id, rows }) => [doc_id, rows[0]?.text, [...(rows[0]?.vector ?? [])]]).sort()).toEqual(
    documents.map(({ id, text }) => [id, text, [1, text.length]]).sort(),
  );
  expect(work.embedded).toBeLessThan(1.5 * documents.length);
  expect(await task()).toMatchObject({ status: 'succeeded', counts: { documents: 400, chunks: 400, written: 400 }, attempts: tookMs.length });
  expect(await blobs.list('t_a/dev/p/s/long/payloads', { folders: true })).toEqual([]);
});

test('one document whose texts take longer than a push may is embedded part by part', async () => {
  const text = Array.from({ length: 6_000 }, (_, index) => sentence(index)).join('\n\n');
  const { deliver, committed, task } = await slowRunner([{ id: 'book', type: 'document', text }], { textMs: 600 });
  await deliver(30);
  const rows = committed[0]?.documents[0]?.rows ?? [];
  expect(rows.length * 600).toBeGreaterThan(2 * deadlineMs);
  expect(rows.every(({ vector }) => vector[0] === 1)).toBe(true);
  expect((await task())?.status).toBe('succeeded');
});

test('documents that take long to read are read once', async () => {
  const long = 'x'.repeat(limits.readInPlaceChars);
  const documents = Array.from({ length: 40 }, (_, index) => ({ id: `d${index}`, type: 'document', text: `${index} ${long}` }));
  const { deliver, work, task } = await slowRunner(documents, { readMs: 9_000 });
  await deliver(12);
  expect(work.read).toBeLessThan(1.5 * documents.length);
  expect((await task())?.status).toBe('succeeded');
});

test('a request that is done within a push keeps nothing and asks for nothing that others did', async () => {
  const { deliver, blobs, task } = await slowRunner([{ id: 'd', type: 'document', text: sentence(1) }], { textMs: 100 });
  const listed: string[] = [];
  const list = blobs.list;
  blobs.list = (folder, options) => {
    listed.push(folder);
    return list(folder, options);
  };
  expect(await deliver(1)).toHaveLength(1);
  expect(listed.filter((folder) => folder.includes('payloads'))).toEqual([]);
  expect(await task()).toMatchObject({ status: 'succeeded', attempts: 1 });
});
