import type { Table } from '@lancedb/lancedb';
import { partitionsSearched } from '../runner/adapters/lance/vector-index.ts';
import { limits } from '../shared/limits.ts';

export type Kind = 'vector' | 'text' | 'hybrid';

const depth = limits.rawListDepth;
/** What a hit shows. */
const page = ['doc_id', 'chunk', 'type', 'seq', 'source_uri', 'page', 'start', 'end', 'text', 'metadata'];

/** A list without rows has no columns. */
const rowIds = (found: unknown): bigint[] =>
  Array.from((found as { getChild(name: string): { toArray(): Iterable<bigint> } | null }).getChild('_rowid')?.toArray() ?? []);

/**
 * What the engine does for a query, called in this process: the same lists at the same depth, and the columns of a page of ten.
 * @param where the engine's own language
 * @returns how many rows the first list found
 */
export const askEngine = async (table: Table, kind: Kind, query: string, vector: Float32Array | number[], where?: string): Promise<number> => {
  const lists: Promise<unknown>[] = [];
  if (kind !== 'text') {
    const search = table.query().nearestTo(vector).distanceType('cosine').maximumNprobes(0).minimumNprobes(partitionsSearched);
    const columns = search.select(['id', '_distance']).withRowId().limit(depth);
    lists.push((where === undefined ? columns : columns.where(where)).toArrow());
  }
  if (kind !== 'vector') {
    const search = table.query().fullTextSearch(query, { columns: ['words'] });
    const columns = search
      .select(['id', '_score'])
      .withRowId()
      .limit(depth + 1);
    lists.push((where === undefined ? columns : columns.where(where)).toArrow());
  }
  const [first] = await Promise.all(lists);
  const found = rowIds(first);
  if (found.length > 0) await table.takeRowIds(found.slice(0, limits.defaultLimit)).select(page).withRowId().toArrow();
  return found.length;
};
