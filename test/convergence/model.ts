import type { Wish } from './history.ts';

/** A document as a request gave it. */
export interface GivenDocument {
  /** Without white space at its ends. */
  text: string | undefined;
  vector: number[] | undefined;
  metadata: { topic: string; rank: number };
}

/** A request that was answered with 202, and what its event says of its place in the order. */
export interface Accepted {
  taskId: string;
  /** Place in the order of acceptance. */
  seq: number;
  /** What the spine stamped on it, where the test has seen that: the seq of its rows. */
  stamp?: number;
  /** Which life of the space it belongs to: one more after each deletion of the space. */
  life: number;
  wish: Wish;
  /** For an ingest. */
  documents: Map<string, GivenDocument>;
  /** Tasks that had succeeded before this was asked for. */
  succeededBefore: ReadonlySet<string>;
}

export const isLater = (a: Pick<Accepted, 'seq' | 'taskId'>, b: Pick<Accepted, 'seq' | 'taskId'>): boolean =>
  a.seq === b.seq ? a.taskId > b.taskId : a.seq > b.seq;

const sentence = (id: string, mark: string, number: number): string => `Sentence ${number} of ${id} in ${mark} says something of its own.`;

/** A document's text is unlike that of any other version of it. */
export const textOf = (id: string, mark: string, sentences: number, bulky: boolean): string => {
  const text = Array.from({ length: sentences }, (_, number) => sentence(id, mark, number)).join(' ');
  return bulky ? `${text}\n\n${sentence(id, mark, -1).repeat(2_500)}` : text;
};

export const matches = ({ topic, fromRank }: Extract<Wish, { kind: 'delete_where' }>, { metadata }: GivenDocument): boolean =>
  metadata.topic === topic && metadata.rank >= fromRank;

/** What a document may be when every event has been carried out: which request's, or absent. */
export interface Expectation {
  writtenBy: Accepted | undefined;
  mayBeAbsent: boolean;
  mustBeAbsent: boolean;
}

/**
 * The contract (section 5, 2 and 4) as plainly as it can be said: in the space's last life, the last word on a document
 * holds; a filter takes what it finds when it runs, at least what had succeeded before it was asked for.
 */
export const expectationOf = (accepted: readonly Accepted[], docId: string, life: number): Expectation => {
  const living = accepted.filter((request) => request.life === life);
  const words = living.filter(({ wish, documents }) => documents.has(docId) || (wish.kind === 'delete' && wish.ids.includes(docId)));
  const last = words.reduce<Accepted | undefined>((found, request) => (found === undefined || isLater(request, found) ? request : found), undefined);
  const given = last?.documents.get(docId);
  if (last === undefined || given === undefined) return { writtenBy: undefined, mayBeAbsent: true, mustBeAbsent: true };
  const takers = living.filter((request) => request.wish.kind === 'delete_where' && isLater(request, last) && matches(request.wish, given));
  return { writtenBy: last, mayBeAbsent: takers.length > 0, mustBeAbsent: takers.some(({ succeededBefore }) => succeededBefore.has(last.taskId)) };
};

export const docIdsOf = (accepted: readonly Accepted[]): Set<string> => new Set(accepted.flatMap(({ documents }) => [...documents.keys()]));
