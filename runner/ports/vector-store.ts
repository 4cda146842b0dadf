import type { Pin } from '../../shared/cursor.ts';
import type { FilterNode } from '../../shared/filter.ts';
import type { FieldType, Metric } from '../../shared/http/spaces.ts';
import type { Span } from '../chunk/blocks.ts';
import type { TextQuery } from '../text/text-query.ts';

/** Where one table lies: its folder's URI and its name in it. */
export interface TableLocation {
  uri: string;
  name: string;
}

/** What a table's columns follow from. */
export interface TableShape {
  dimension: number;
  metric: Metric;
  /** ISO 639 code; decides stemming and stop words of text search. */
  language: string | null;
  /** Metadata keys and their types: one column each. */
  fields: Readonly<Record<string, FieldType>>;
}

export type FieldValue = string | number | boolean | readonly string[];

/** One row: a chunk as it is written. */
export interface ChunkRow {
  id: string;
  doc_id: string;
  chunk: number;
  /** Order of acceptance, Unix microseconds; ties by task_id. */
  seq: number;
  task_id: string;
  type: string;
  text: string | null;
  /** What text search finds it by: its terms and its titles', between spaces. */
  words: string | null;
  vector: Float32Array;
  /** Metadata as given, JSON. */
  metadata: string | null;
  /** The same metadata, typed: times in Unix microseconds. */
  fields: Readonly<Record<string, FieldValue>>;
  source_uri: string | null;
  page: number | null;
  start: number | null;
  end: number | null;
  /** What stands between the chunk before (or the text's beginning) and this one: with it the text can be put together again. */
  lead: string | null;
  /** Of the last chunk: what stands behind it. */
  tail?: string;
}

/** What the writer must know of a document that is stored. */
export interface StoredDocument {
  doc_id: string;
  seq: number;
  task_id: string;
}

/** The same with everything that was given for it. */
export interface StoredText extends StoredDocument {
  text: string | null;
  /** JSON. */
  metadata: string | null;
}

/** One entry of a raw list, best first. `distance` for vector lists (smaller better), `bm25` for text lists. */
export interface RawHit {
  rowId: bigint;
  id: string;
  distance?: number;
  bm25?: number;
}

/** A row as read back for a hit. Columns that were not asked for are absent. */
export interface HitRow {
  rowId: bigint;
  type: string;
  seq: number;
  source_uri: string | null;
  page: number | null;
  start: number | null;
  end: number | null;
  text?: string | null;
  metadata?: string | null;
  vector?: number[];
}

/** One document as lists show it. */
export interface DocumentRow {
  doc_id: string;
  type: string;
  chunks: number;
  seq: number;
  source_uri: string | null;
  metadata: string | null;
}

export interface TextPiece {
  text: string | null;
  start: number | null;
  end: number | null;
  lead: string | null;
  tail: string | null;
}

export interface TableStats {
  documents: number;
  chunks: number;
  bytes: number;
  indexes: { column: string; kind: string; rows: number; unindexed_rows: number }[];
}

/** A search took longer than it was given. */
export class OutOfTimeError extends Error {
  override readonly name = 'OutOfTimeError';
}

export interface ScanOptions {
  /** Beside `id` and `seq`, which always come. */
  columns: readonly ('doc_id' | 'chunk' | 'type' | 'text' | 'metadata' | 'vector')[];
  /** A metadata key whose values come as well. */
  field?: string | undefined;
  filter?: FilterNode | undefined;
}

/** Rows of a whole table, some at a time, column by column. Columns that were not asked for are absent. */
export interface ScanBatch {
  ids: string[];
  seqs: number[];
  docIds?: string[];
  chunks?: number[];
  types?: string[];
  texts?: (string | null)[];
  metadata?: (string | null)[];
  /** One after the other. */
  vectors?: Float32Array<ArrayBuffer>;
  values?: (FieldValue | null)[];
}

/** What single words give single passages: with it BM25 can be counted over several tables. */
export interface TermScores {
  passages: number;
  /** At most so many passages are told of each term. */
  reach: number;
  /** BM25 of each term alone, by row, of every passage that holds it. */
  terms: ReadonlyMap<string, ReadonlyMap<bigint, number>>;
}

/** A table at one version, for reading. Never changes. */
export interface TableReader {
  /** @param timeoutMs the engine stops by itself after this @throws OutOfTimeError */
  vectorSearch(vector: Float32Array, metric: Metric, depth: number, filter: FilterNode | undefined, timeoutMs: number): Promise<RawHit[]>;
  /** @param timeoutMs the engine stops by itself after this @throws OutOfTimeError */
  textSearch(query: TextQuery, depth: number, filter: FilterNode | undefined, timeoutMs: number): Promise<RawHit[]>;
  /** @param timeoutMs the engine stops by itself after this @throws OutOfTimeError */
  termScores(query: TextQuery, timeoutMs: number): Promise<TermScores>;
  /** Where each text holds what a query asks for. */
  highlight(query: TextQuery, texts: readonly string[]): Promise<Span[][]>;
  rows(rowIds: readonly bigint[], select: { text: boolean; metadata: boolean; vector: boolean }): Promise<HitRow[]>;
  /** By id, in code-point order. @param after only ids greater than this */
  documents(after: string | undefined, limit: number, filter: FilterNode | undefined): Promise<DocumentRow[]>;
  document(docId: string): Promise<DocumentRow | undefined>;
  /** Chunks of one document, in order. */
  pieces(docId: string): Promise<TextPiece[]>;
  /** Every row, in no order that can be relied on. */
  scan(options: ScanOptions): AsyncIterable<ScanBatch>;
  stats(): Promise<TableStats>;
  indexes(): Promise<TableStats['indexes']>;
}

/**
 * A table's newest version, for its one writer. Each mutating call makes exactly one new version and returns it; a
 * number that is not the expected next one tells the caller that somebody else committed in between.
 */
export interface TableWriter {
  version(): Promise<number>;
  /** Makes an older version the newest again, as a new version. */
  restore(version: number): Promise<number>;
  /** Names of the metadata fields that have a column. */
  fieldNames(): Promise<Set<string>>;
  addFields(fields: Readonly<Record<string, FieldType>>): Promise<number>;
  storedDocuments(docIds: readonly string[]): Promise<StoredDocument[]>;
  /** Documents that a filter finds, of those accepted before a seq. */
  storedWhere(filter: FilterNode, beforeSeq: number, shape: TableShape): Promise<StoredDocument[]>;
  /** First chunks of the documents of a type whose ids begin with this. */
  storedBeginning(prefix: string, type: string): Promise<StoredText[]>;
  deleteDocuments(docIds: readonly string[]): Promise<number>;
  append(rows: readonly ChunkRow[], shape: TableShape): Promise<number>;
  /** Digest of which rows the table holds, whatever their order and layout. */
  contentDigest(): Promise<string>;
  /** Compacts, builds and refreshes indexes, and removes versions committed before a time. Any number of new versions, none with other rows. */
  maintain(shape: TableShape, pruneBefore: Date, erase: boolean): Promise<MaintenanceOutcome>;
  /** Begins the table anew with nothing in it. @returns its version */
  clear(shape: TableShape): Promise<number>;
  /** Removes every file of versions committed before a time, and, for an empty table, every file that no version names. */
  erase(before: Date): Promise<void>;
}

export interface MaintenanceOutcome {
  version: number;
  /** Steps that did not succeed; the others were done all the same. */
  failures: { step: string; error: unknown }[];
}

export interface NexusVectorStore {
  /** @throws VersionGoneError when the version was pruned */
  reader(table: TableLocation, pin: Pin, shape: TableShape): Promise<TableReader>;
  /** Whether a reader of that version is at hand: reading with it begins at once. */
  isOpen(table: TableLocation, pin: Pin): boolean;
  /** Undefined when there is no table. */
  writer(table: TableLocation): Promise<TableWriter | undefined>;
  /** Begins the table anew with these rows, over whatever lies there, and with an index for text search. @returns its version */
  create(table: TableLocation, shape: TableShape, rows: readonly ChunkRow[]): Promise<number>;
  /** Makes ready what opening a table needs whatever its version. Waits for nothing, and failing means nothing. */
  prepare(table: TableLocation): void;
  /** Requests for tables, and their bytes, in this process from its beginning. */
  requests(): { requests: number; bytes: number };
}

export class VersionGoneError extends Error {
  override readonly name = 'VersionGoneError';
}

/** A write that the engine could not put on top of what somebody else committed meanwhile. */
export class WriteConflictError extends Error {
  override readonly name = 'WriteConflictError';
}
