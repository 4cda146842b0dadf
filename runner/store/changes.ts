import type { FilterNode } from '../../shared/filter.ts';
import type { ChunkRow, StoredDocument, StoredText } from '../ports/vector-store.ts';
import { compareOrder, type Order } from './order.ts';

/** What one accepted request wants of a space. */
export type Change = Order & {
  /** The life of the space that the request was accepted into; for `clear`, the one that it begins. */
  epoch: number;
} & (
    | { kind: 'write'; documents: { doc_id: string; rows: ChunkRow[] }[] }
    | { kind: 'delete'; doc_ids: string[] }
    | { kind: 'delete_where'; filter: FilterNode }
    | { kind: 'clear' }
    | { kind: 'derive'; derive: Derive }
  );

/** What is published of a space, for who derives documents from it. */
export interface Published {
  /** Documents of a type whose ids begin with this. */
  beginning(prefix: string, type: string): Promise<StoredText[]>;
}

/** Documents that follow from records beside the space, and stored ones that no longer do. */
export interface Derived {
  documents: { doc_id: string; order: Order; rows: ChunkRow[] }[];
  gone: StoredDocument[];
}

/**
 * Works out on exactly what is published what follows now. Whoever publishes in between makes it run again, so it may
 * run any number of times, and what it writes elsewhere must bear that.
 */
export type Derive = (published: Published) => Promise<Derived>;

/** What became of it: documents of a write, or documents that a delete found. */
export interface ChangeResult {
  /** The published version that holds the change; null when nothing of the space is published. */
  version: number | null;
  written: number;
  superseded: number;
}

/** What one request says of one document: these rows, or nothing any more. */
export interface Operation {
  order: Order;
  /** Absent: the document is deleted. */
  rows?: ChunkRow[];
}

/**
 * The last word on each document, by order of acceptance. A filter's deletion has the order of the very write that it
 * found: it beats that write, which may be here again.
 */
export const lastWords = (operations: Iterable<[docId: string, operation: Operation]>): Map<string, Operation> => {
  const last = new Map<string, Operation>();
  for (const [docId, operation] of operations) {
    const other = last.get(docId);
    const compared = other === undefined ? -1 : compareOrder(other.order, operation.order);
    if (compared < 0 || (compared === 0 && operation.rows === undefined)) last.set(docId, operation);
  }
  return last;
};

/** What a change was found to be about, when it was weighed. */
export interface Findings {
  /** By a filter. */
  found: readonly StoredDocument[];
  derived: Derived;
}
export const noFindings: Findings = { found: [], derived: { documents: [], gone: [] } };

/** What a change says of documents, given what it found. */
export const operationsOf = (change: Change, { found, derived }: Findings): [string, Operation][] => {
  const order: Order = { seq: change.seq, task_id: change.task_id };
  switch (change.kind) {
    case 'write':
      return change.documents.map(({ doc_id, rows }) => [doc_id, { order, rows }]);
    case 'delete':
      return change.doc_ids.map((docId) => [docId, { order }]);
    case 'delete_where':
      // Each document goes at its own seq: what was accepted for it later stays, also when it arrives later.
      return found.map(({ doc_id, seq, task_id }) => [doc_id, { order: { seq, task_id } }]);
    case 'derive':
      // What no longer follows goes at its own seq, as if a filter had found it; nobody asked for it to stay out.
      return [
        ...derived.documents.map(({ doc_id, order: own, rows }): [string, Operation] => [doc_id, { order: own, rows }]),
        ...derived.gone.map(({ doc_id, seq, task_id }): [string, Operation] => [doc_id, { order: { seq, task_id } }]),
      ];
    case 'clear':
      return [];
  }
};

/** An operation holds against what is stored when it was accepted later; a delete also against exactly what it found. */
export const isNews = ({ order, rows }: Operation, stored: StoredDocument | undefined): boolean => {
  if (stored === undefined) return rows !== undefined;
  const compared = compareOrder(stored, order);
  return compared < 0 || (compared === 0 && rows === undefined);
};

/** Whether a change's own word on a document is what the space now holds. */
export const prevails = (order: Order, last: Operation | undefined, stored: StoredDocument | undefined): boolean =>
  last !== undefined && compareOrder(last.order, order) === 0 && (stored === undefined || compareOrder(stored, order) <= 0);
