import { newId } from '../../shared/ids.ts';
import { type SpaceKey, spaceKeyText } from '../../shared/space-key.ts';
import { formatMicros } from '../../shared/time.ts';
import type { ChunkRow, NexusVectorStore, StoredDocument, TableShape, TableWriter } from '../ports/vector-store.ts';
import type { Entry } from '../records/register.ts';
import type { Head } from '../records/space-records.ts';
import { detectLanguage } from './language.ts';
import { compareOrder, type Order } from './order.ts';
import type { SpacePlace } from './spaces.ts';

/** What one accepted request wants of a space: whole documents, each with all its rows. */
export interface Change extends Order {
  documents: { doc_id: string; rows: ChunkRow[] }[];
}

export interface ChangeResult {
  /** The published version that holds the change; null when nothing of the space is published. */
  version: number | null;
  written: string[];
  superseded: string[];
}

export interface CommitDeps {
  store: NexusVectorStore;
  nowMs: () => number;
  /** Told of each published commit. */
  published?: (key: SpaceKey, head: Head, writtenRows: number) => void;
}

/** Somebody else committed in between: what we made is not what we think it is, so it is not published. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}

const attempts = 5;

type Winner = { order: Order; rows: ChunkRow[] };

/** Of all requests in the batch that name a document, the last accepted. */
const winnersOf = (changes: readonly Change[]): Map<string, Winner> => {
  const winners = new Map<string, Winner>();
  for (const { seq, task_id, documents } of changes) {
    for (const { doc_id, rows } of documents) {
      const order = { seq, task_id };
      const other = winners.get(doc_id);
      if (other === undefined || compareOrder(other.order, order) < 0) winners.set(doc_id, { order, rows });
    }
  }
  return winners;
};

/**
 * Commits a batch and publishes it (design decision 3). A commit exists when the head names it: until then no reader
 * opens it, and whoever writes next takes it back. So however many calls into the engine the work takes, and wherever
 * the process dies, readers go from one whole version to the next.
 */
export const commit = (deps: CommitDeps, place: SpacePlace, changes: readonly Change[]): Promise<ChangeResult[]> =>
  retryConflicts(() => commitOnce(deps, place, changes));

/** A conflict says that the work was done on what is no longer true: it is done again on what is. */
export const retryConflicts = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt === attempts) throw error;
    }
  }
};

const commitOnce = async ({ store, nowMs, published }: CommitDeps, { records, table }: SpacePlace, changes: readonly Change[]): Promise<ChangeResult[]> => {
  const head = await records.head.read();
  const winners = winnersOf(changes);
  const deletedSeq = head?.value.deleted_seq ?? 0;
  for (const [docId, { order }] of winners) if (order.seq <= deletedSeq) winners.delete(docId);

  const writer = head === undefined ? undefined : await writerAt(store, table, head.value);
  const stored = writer === undefined || winners.size === 0 ? [] : await writer.storedDocuments([...winners.keys()]);
  const current = new Map(stored.map((document) => [document.doc_id, document]));
  const toWrite = [...winners].filter(([docId, { order }]) => isLater(order, current.get(docId)));
  const rows = toWrite.flatMap(([, winner]) => winner.rows);

  const result = (version: number | null): ChangeResult[] => changes.map((change) => resultOf(change, winners, current, version));
  if (rows.length === 0) return result(head?.value.version ?? null);

  const settings = await records.settings.read();
  if (settings === undefined) throw new Error(`space ${spaceKeyText(records.key)} has documents to write but no settings`);
  const { embedding_model, dimension, metric, language, fields, created_at } = settings.value;
  if (embedding_model === null || dimension === null) throw new Error(`space ${spaceKeyText(records.key)} has documents to write but no model`);
  const shape: TableShape = {
    dimension,
    metric,
    fields,
    language: head === undefined ? (language ?? detectLanguage(rows.map((row) => row.text ?? ''))) : head.value.table.language,
  };

  const replaced = toWrite.map(([docId]) => docId).filter((docId) => current.has(docId));
  const version = writer === undefined ? await store.create(table, shape, rows) : await replaceDocuments(writer, shape, replaced, rows);
  const next: Head = {
    space: spaceKeyText(records.key),
    incarnation: head?.value.incarnation ?? newId('incarnation', nowMs()),
    version,
    seq: Math.max(head?.value.seq ?? 0, ...changes.map(({ seq }) => seq)),
    deleted_seq: deletedSeq,
    published_at: formatMicros(nowMs() * 1000),
    created_at: head?.value.created_at ?? created_at,
    unmaintained: { commits: (head?.value.unmaintained.commits ?? 0) + 1, rows: (head?.value.unmaintained.rows ?? 0) + rows.length },
    table: { embedding_model, ...shape },
  };
  await publish(records.head, head, next);
  published?.(records.key, next, rows.length);
  return result(version);
};

export const publish = async (register: SpacePlace['records']['head'], after: Entry<Head> | undefined, next: Head): Promise<void> => {
  if (!(await register.write(after, next))) throw new ConflictError('another writer published first');
};

/** The table's writer, standing exactly on the published version: what nobody published is rolled back. */
export const writerAt = async (store: NexusVectorStore, table: SpacePlace['table'], head: Head): Promise<TableWriter> => {
  const writer = await store.writer(table);
  if (writer === undefined) throw new Error(`table ${table.name} is gone, but version ${head.version} of it is published`);
  const newest = await writer.version();
  if (newest !== head.version) expectNext(newest, await writer.restore(head.version));
  return writer;
};

/** Out with every chunk of the documents' old versions, in with the new ones. Each step must follow directly on the one before. */
const replaceDocuments = async (writer: TableWriter, shape: TableShape, replaced: readonly string[], rows: readonly ChunkRow[]): Promise<number> => {
  let version = await writer.version();
  const known = await writer.fieldNames();
  const added = Object.entries(shape.fields).filter(([key]) => !known.has(key));
  if (added.length > 0) version = expectNext(version, await writer.addFields(Object.fromEntries(added)));
  if (replaced.length > 0) version = expectNext(version, await writer.deleteDocuments(replaced));
  return expectNext(version, await writer.append(rows, shape));
};

const expectNext = (before: number, after: number): number => {
  if (after !== before + 1) throw new ConflictError(`version ${after} came after ${before}: somebody else committed`);
  return after;
};

const isLater = (order: Order, stored: StoredDocument | undefined): boolean => stored === undefined || compareOrder(stored, order) < 0;

/** A document of a change is written when the change's own version of it is what the space now holds. */
const resultOf = (change: Change, winners: Map<string, Winner>, current: Map<string, StoredDocument>, version: number | null): ChangeResult => {
  const written: string[] = [];
  const superseded: string[] = [];
  for (const { doc_id } of change.documents) {
    const winner = winners.get(doc_id);
    const stored = current.get(doc_id);
    const holds = winner !== undefined && compareOrder(winner.order, change) === 0 && (stored === undefined || compareOrder(stored, change) <= 0);
    (holds ? written : superseded).push(doc_id);
  }
  return { version, written, superseded };
};
