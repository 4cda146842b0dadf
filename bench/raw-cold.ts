import { connect } from '@lancedb/lancedb';
import { askEngine, type Kind } from './ask-engine.ts';

/** What a fresh process asks the engine for, told by who has forked it. */
export interface ColdAsked {
  uri: string;
  space: string;
  storageOptions: Record<string, string>;
  kind: Kind;
  query: string;
  vector: number[];
}

/** The engine alone: connect, open, search as deep as the runner does, fetch the rows of one page. */
const ask = async ({ uri, space, storageOptions, kind, query, vector }: ColdAsked): Promise<number> => {
  const startedMs = performance.now();
  const found = await askEngine(await (await connect(uri, { storageOptions })).openTable(space), kind, query, vector);
  if (found === 0) throw new Error('the engine found nothing');
  return performance.now() - startedMs;
};

process.once('message', async (asked) => {
  process.send?.(await ask(asked as ColdAsked));
  process.disconnect();
});
