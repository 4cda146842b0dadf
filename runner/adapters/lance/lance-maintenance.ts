import { Index, type Table } from '@lancedb/lancedb';
import type { MaintenanceOutcome, TableShape } from '../../ports/vector-store.ts';

/** From here on an index on doc_id pays: finding a document's rows by scan reads the whole column. */
const documentIndexRows = 10_000;
/** Below this an exact search is as fast as an approximate one, and finds everything. */
const vectorIndexRows = 30_000;

type Step = { step: string; run: () => Promise<unknown> };

const distanceTypes = { cosine: 'cosine', l2: 'l2', dot: 'dot' } as const;

/** The indexes that a table of this size should have and has not. */
const missingIndexes = async (table: Table, shape: TableShape): Promise<Step[]> => {
  const [rows, indices] = await Promise.all([table.countRows(), table.listIndices()]);
  const has = (column: string): boolean => indices.some(({ columns }) => columns.includes(column));
  const steps: Step[] = [];
  if (rows >= documentIndexRows && !has('doc_id')) steps.push({ step: 'index doc_id', run: () => table.createIndex('doc_id', { config: Index.btree() }) });
  if (rows >= vectorIndexRows && !has('vector')) {
    const config = Index.hnswSq({ distanceType: distanceTypes[shape.metric] });
    steps.push({ step: 'index vector', run: () => table.createIndex('vector', { config }) });
  }
  return steps;
};

/** Each step is tried whatever became of the one before. */
export const maintainTable = async (table: Table, shape: TableShape, pruneBefore: Date): Promise<MaintenanceOutcome> => {
  const failures: MaintenanceOutcome['failures'] = [];
  const attempt = async ({ step, run }: Step): Promise<void> => {
    try {
      await run();
    } catch (error) {
      failures.push({ step, error });
    }
  };
  for (const step of await missingIndexes(table, shape)) await attempt(step);
  await attempt({ step: 'compact, prune and refresh indexes', run: () => table.optimize({ cleanupOlderThan: pruneBefore }) });
  return { version: await table.version(), failures };
};
