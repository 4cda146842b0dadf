import { connect } from '@lancedb/lancedb';
import { fileBlobs } from '../../runner/adapters/file-blobs.ts';
import type { Blobs } from '../../runner/ports/blobs.ts';
import type { Head } from '../../runner/records/space-records.ts';
import { locate, type SpaceKey } from '../../shared/space-key.ts';
import type { Accepted, GivenDocument } from './model.ts';

/** A published version as it lies on disk, read past the product. */
export interface Published {
  number: number;
  life: number;
  version: number;
  /** Which request each document is of. */
  documents: Map<string, Accepted>;
}

interface Row {
  id: string;
  doc_id: string;
  chunk: number;
  seq: bigint;
  task_id: string;
  text: string | null;
  start: number | null;
  end: number | null;
  lead: string | null;
  metadata: string | null;
}

/** A store root as an onlooker sees it, past the product's own records and readers. */
export interface StoreView {
  blobs: Blobs;
  /** Of the engine. */
  storageOptions: Record<string, string>;
}

export const folderView = (path: string): StoreView => ({ blobs: fileBlobs(path), storageOptions: {} });

const recordsIn = async ({ blobs }: StoreView, folder: string): Promise<string[]> =>
  (await blobs.list(folder)).filter((name) => /^\d{12}\.json$/.test(name)).map((name) => `${folder}/${name}`);

const valueIn = async ({ blobs }: StoreView, name: string): Promise<unknown> => {
  const bytes = await blobs.getBytes(name);
  if (bytes === undefined) throw new Error(`record ${name} is gone`);
  return JSON.parse(new TextDecoder().decode(bytes)).value;
};

/** All heads of a space, oldest first. */
export const headsOf = async (store: StoreView, key: SpaceKey, afterNumber = 0): Promise<{ number: number; head: Head }[]> => {
  const records = await recordsIn(store, locate(key).head);
  const heads = records.map((name) => ({ number: 999_999_999_999 - Number(name.slice(-17, -5)), name })).reverse();
  return Promise.all(
    heads.filter(({ number }) => number > afterNumber).map(async ({ number, name }) => ({ number, head: (await valueIn(store, name)) as Head })),
  );
};

/** Who holds a space's lease; undefined when nobody does. */
export const holderOf = async (store: StoreView, key: SpaceKey): Promise<string | undefined> => {
  const [newest] = await recordsIn(store, locate(key).lease);
  if (newest === undefined) return undefined;
  const lease = (await valueIn(store, newest)) as { holder: string; released: boolean; until: number };
  return lease.released || lease.until < Date.now() ? undefined : lease.holder;
};

const columns = ['id', 'doc_id', 'chunk', 'seq', 'task_id', 'text', 'start', 'end', 'lead', 'metadata'];

/** @throws when the version is not there (any more) */
const rowsAt = async ({ blobs, storageOptions }: StoreView, key: SpaceKey, version: number): Promise<Row[]> => {
  const { tables, tableName } = locate(key);
  const table = await (await connect(blobs.resolveUri(tables), { storageOptions })).openTable(tableName, [], { version });
  try {
    return (await table.query().select(columns).toArray()).map((row) => row.toJSON() as Row);
  } finally {
    table.close();
  }
};

/** The text that passages make when each is put where it says it belongs, with what stands between them. */
const textOfPassages = (inOrder: readonly Row[]): string | undefined => {
  let text: string | undefined;
  for (const { text: passage, start, end, lead } of inOrder) {
    if (passage === null || start === null || end === null) continue;
    const before = (text ?? '') + (lead ?? '');
    if (start > before.length) return undefined;
    text = before.slice(0, start) + passage + before.slice(end);
  }
  return text;
};

const isWhole = (inOrder: readonly Row[], { text, vector }: GivenDocument): boolean =>
  textOfPassages(inOrder) === text &&
  (vector === undefined || inOrder.length === 1) &&
  inOrder.every(({ text: passage, start, end }) => passage === (text?.slice(start ?? 0, end ?? 0) ?? null));

const wholeDocument = (docId: string, rows: Row[], accepted: ReadonlyMap<string, Accepted>): Accepted => {
  const inOrder = rows.toSorted((a, b) => a.chunk - b.chunk);
  const torn = (what: string) =>
    new Error(`document ${docId}: ${what}: ${inOrder.map(({ id, chunk, seq, task_id }) => `${id} ${chunk} ${seq} ${task_id}`).join(', ')}`);
  const tasks = new Set(rows.map(({ seq, task_id }) => `${seq} ${task_id}`));
  if (tasks.size !== 1) throw torn('chunks of two versions');
  if (inOrder.some(({ id, chunk }, index) => chunk !== index || id !== `${docId}#${index}`)) throw torn('chunks doubled or missing');
  const request = accepted.get(inOrder[0]?.task_id ?? '');
  const given = request?.documents.get(docId);
  if (request === undefined || given === undefined) throw torn('nobody asked for this');
  if (request.stamp !== undefined && BigInt(request.stamp) !== inOrder[0]?.seq) throw torn('not the order of its event');
  if (!isWhole(inOrder, given)) throw torn('not the text that was given');
  if (inOrder.some(({ metadata }) => metadata !== JSON.stringify(given.metadata))) throw torn('not the metadata that was given');
  return request;
};

/** Opens a published version and checks that every document in it is whole and somebody's. @throws Error that names what is not */
export const readPublished = async (
  store: StoreView,
  key: SpaceKey,
  { number, head }: { number: number; head: Head },
  accepted: ReadonlyMap<string, Accepted>,
): Promise<Published> => {
  const rows = head.table === null ? [] : await rowsAt(store, key, head.version);
  const documents = new Map<string, Accepted>();
  for (const [docId, own] of Map.groupBy(rows, ({ doc_id }) => doc_id)) documents.set(docId, wholeDocument(docId, own, accepted));
  return { number, life: head.epoch, version: head.version, documents };
};
