import { connect } from '@lancedb/lancedb';
import { partitionsSearched } from '../runner/adapters/lance/vector-index.ts';
import { limits } from '../shared/limits.ts';

/** What a fresh process asks the engine for, told by who has forked it. */
export interface ColdAsked {
  uri: string;
  space: string;
  storageOptions: Record<string, string>;
  kind: 'vector' | 'text' | 'hybrid';
  query: string;
  vector: number[];
}

/** The engine alone: connect, open, search as deep as the runner does, fetch the rows of one page. */
const ask = async ({ uri, space, storageOptions, kind, query, vector }: ColdAsked): Promise<number> => {
  const startedMs = performance.now();
  const table = await (await connect(uri, { storageOptions })).openTable(space);
  const lists: Promise<unknown>[] = [];
  const depth = limits.rawListDepth;
  if (kind !== 'text') {
    const search = table.query().nearestTo(vector).distanceType('cosine').maximumNprobes(0).minimumNprobes(partitionsSearched);
    lists.push(search.select(['id', '_distance']).withRowId().limit(depth).toArrow());
  }
  if (kind !== 'vector') {
    const search = table.query().fullTextSearch(query, { columns: ['words'] });
    lists.push(search.select(['id', '_score']).withRowId().limit(depth).toArrow());
  }
  const [first] = await Promise.all(lists);
  const ids = Array.from((first as { getChild(name: string): { toArray(): Iterable<bigint> } }).getChild('_rowid').toArray()).slice(0, limits.defaultLimit);
  if (ids.length === 0) throw new Error('the engine found nothing');
  await table.takeRowIds(ids).select(['doc_id', 'text', 'metadata']).toArrow();
  return performance.now() - startedMs;
};

process.once('message', async (asked) => {
  process.send?.(await ask(asked as ColdAsked));
  process.disconnect();
});
