import { Index, type Table } from '@lancedb/lancedb';
import type { MaintenanceOutcome, TableShape } from '../../ports/vector-store.ts';
import { docIdIn } from './document-where.ts';
import { textColumn, textIndexFor, textIndexRows } from './text-index.ts';
import { hasOutgrown, isInParts, vectorIndexFor, vectorIndexRows } from './vector-index.ts';

/** From here on an index on doc_id pays: finding a document's rows by scan reads the whole column. */
const documentIndexRows = 10_000;

type Step = { step: string; run: () => Promise<unknown> };

/** Builds the vector index, and removes what stood there under the name of another size. */
const buildVectorIndex = async (table: Table, shape: TableShape, rows: number, known: readonly string[]): Promise<void> => {
  const { config, name } = vectorIndexFor(shape.metric, rows);
  await table.createIndex('vector', { config, name, replace: true });
  for (const old of known) if (old !== name) await table.dropIndex(old);
};

const wantsVectorIndex = async (table: Table, rows: number, known: readonly string[]): Promise<boolean> => {
  if (rows < vectorIndexRows) return false;
  // A process that died between building one and removing the other leaves both.
  if (known.length > 1) return true;
  const fits = await Promise.all(
    known.map(async (name) => {
      const { numIndices = 1, numUnindexedRows = 0 } = (await table.indexStats(name)) ?? {};
      return !hasOutgrown(name, rows) && !isInParts(rows, numIndices, numUnindexedRows);
    }),
  );
  return !fits.includes(true);
};

/** The indexes that a table of this size should have and has not. */
const missingIndexes = async (table: Table, shape: TableShape): Promise<Step[]> => {
  const [rows, indices] = await Promise.all([table.countRows(), table.listIndices()]);
  const has = (column: string): boolean => indices.some(({ columns }) => columns.includes(column));
  const steps: Step[] = [];
  if (rows >= documentIndexRows && !has('doc_id')) steps.push({ step: 'index doc_id', run: () => table.createIndex('doc_id', { config: Index.btree() }) });
  const ofVectors = indices.filter(({ columns }) => columns.includes('vector')).map(({ name }) => name);
  if (await wantsVectorIndex(table, rows, ofVectors)) steps.push({ step: 'index vector', run: () => buildVectorIndex(table, shape, rows, ofVectors) });
  return steps;
};

/**
 * Compaction joins only fragments that the same indexes cover, so what was appended since the last refresh is joined by
 * a second pass, after the first has indexed it.
 */
const compactAndRefresh = async (table: Table, pruneBefore: Date): Promise<void> => {
  await table.optimize({ cleanupOlderThan: pruneBefore });
  if ((await table.stats()).fragmentStats.numSmallFragments > 1) await table.optimize({ cleanupOlderThan: pruneBefore });
};

/** Index files hold words and vectors of rows that are gone, until they are built anew. */
const rebuildIndexes = async (table: Table, shape: TableShape): Promise<Step[]> => {
  const [rows, indices] = await Promise.all([table.countRows(), table.listIndices()]);
  const rebuilds: Record<string, (name: string) => Promise<unknown>> = {
    [textColumn]: () => table.createIndex(textColumn, { config: textIndexFor(shape.language), replace: true }),
    doc_id: () => table.createIndex('doc_id', { config: Index.btree(), replace: true }),
    vector: (name) => buildVectorIndex(table, shape, rows, [name]),
  };
  return indices.flatMap(({ name, columns }) => {
    const column = columns[0] ?? '';
    const rebuild = rebuilds[column];
    return rebuild === undefined ? [] : [{ step: `rebuild index ${column}`, run: () => rebuild(name) }];
  });
};

/** Refreshing filled the index, but of so few rows none is wanted. */
const emptyTextIndex = async (table: Table, shape: TableShape): Promise<Step[]> => {
  if ((await table.countRows()) >= textIndexRows) return [];
  const run = () => table.createIndex(textColumn, { config: textIndexFor(shape.language), train: false, replace: true });
  return [{ step: 'empty the text index', run }];
};

/**
 * Compaction leaves a fragment alone that has no neighbour to be joined with and has lost less than a tenth of its rows:
 * one document is written anew as it is, which makes a second fragment, so that the first is rewritten without its dead.
 */
const giveNeighbour = async (table: Table): Promise<void> => {
  const [first] = await table.query().select(['doc_id']).limit(1).toArray();
  if (first !== undefined) await table.update({ where: docIdIn([first.doc_id as string]), valuesSql: { task_id: 'task_id' } });
};

/** Each step is tried whatever became of the one before. */
export const maintainTable = async (table: Table, shape: TableShape, pruneBefore: Date, erase: boolean): Promise<MaintenanceOutcome> => {
  const failures: MaintenanceOutcome['failures'] = [];
  const attempt = async ({ step, run }: Step): Promise<void> => {
    try {
      await run();
    } catch (error) {
      failures.push({ step, error });
    }
  };
  for (const step of await missingIndexes(table, shape)) await attempt(step);
  if (erase) await attempt({ step: 'make way for compaction', run: () => giveNeighbour(table) });
  await attempt({ step: 'compact, prune and refresh indexes', run: () => compactAndRefresh(table, pruneBefore) });
  if (erase) for (const step of await rebuildIndexes(table, shape)) await attempt(step);
  for (const step of await emptyTextIndex(table, shape)) await attempt(step);
  return { version: await table.version(), failures };
};
