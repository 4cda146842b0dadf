import type { StoredDocument, TableWriter } from '../ports/vector-store.ts';
import type { LiveHead } from '../records/space-records.ts';
import { type Change, type ChangeResult, type Findings, isNews, lastWords, noFindings, type Operation, operationsOf, prevails } from './changes.ts';
import type { Order } from './order.ts';
import { compareOrder } from './order.ts';

/** What a batch does to a space, decided before anything is written. */
export interface Verdict {
  /** Documents that change, each with its new rows or none. */
  news: [docId: string, operation: Operation][];
  /** Ids of changed documents that are stored now. */
  replaced: string[];
  /** Deletions, found or not: kept as tombstones. */
  buried: Map<Change, { doc_id: string; order: Order }[]>;
  resultOf: (change: Change) => Omit<ChangeResult, 'version'>;
}

export interface JudgeDeps {
  /** Absent: nothing is stored. */
  writer: TableWriter | undefined;
  live: LiveHead | undefined;
  /** The newest tombstone of each of these documents. */
  tombstones: (operations: ReadonlyMap<string, Operation>) => Promise<ReadonlyMap<string, Order>>;
}

const find = async (change: Change, writer: TableWriter | undefined, live: LiveHead | undefined): Promise<Findings> => {
  if (change.kind === 'derive')
    return { ...noFindings, derived: await change.derive({ beginning: async (prefix, type) => (await writer?.storedBeginning(prefix, type)) ?? [] }) };
  if (change.kind !== 'delete_where' || writer === undefined || live === undefined) return noFindings;
  return { ...noFindings, found: await writer.storedWhere(change.filter, change.seq, live.table) };
};

/** Weighs the requests of a batch against each other, against what is stored, and against tombstones: the last accepted wins. */
export const judge = async ({ writer, live, tombstones }: JudgeDeps, changes: readonly Change[]): Promise<Verdict> => {
  const operations = new Map<Change, [string, Operation][]>();
  for (const change of changes) {
    operations.set(change, operationsOf(change, await find(change, writer, live)));
  }
  const last = lastWords([...operations.values()].flat());
  const found = writer === undefined || last.size === 0 ? [] : await writer.storedDocuments([...last.keys()]);
  const stored = new Map(found.map((document): [string, StoredDocument] => [document.doc_id, document]));
  for (const [docId, tombstone] of await tombstones(last)) {
    const operation = last.get(docId);
    if (operation?.rows !== undefined && compareOrder(operation.order, tombstone) <= 0) last.delete(docId);
  }

  const news = [...last].filter(([docId, operation]) => isNews(operation, stored.get(docId)));
  const deletions = [...operations].filter(([{ kind }]) => kind === 'delete' || kind === 'delete_where');
  return {
    news,
    replaced: news.map(([docId]) => docId).filter((docId) => stored.has(docId)),
    buried: new Map(deletions.map(([change, some]) => [change, some.map(([doc_id, { order }]) => ({ doc_id, order }))])),
    resultOf(change) {
      const own = operations.get(change);
      // A change of an earlier life of the space is not among those that were judged.
      if (own === undefined) return { written: 0, superseded: change.kind === 'write' ? change.documents.length : 0 };
      const held = own.filter(([docId, { order }]) => prevails(order, last.get(docId), stored.get(docId)));
      const isDone = ([docId, { rows }]: [string, Operation]): boolean =>
        change.kind === 'write' || (change.kind === 'derive' ? rows !== undefined : stored.has(docId));
      const done = held.filter(isDone);
      return { written: done.length, superseded: own.length - held.length };
    },
  };
};
