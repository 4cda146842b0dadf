import { tallied } from '../ports/request-tally.ts';
import type { Door } from '../store/door.ts';
import type { PlannedScope } from './plan.ts';

/** What was asked of object stores since the beginning of the query. */
export type Meter = () => Record<'records' | 'tables', { requests: number; bytes: number; counted: 'query' | 'process' }>;

/**
 * Runs a query with its requests counted. Those for records are this query's alone; the engine counts for the whole
 * process, so its figures hold whatever else ran meanwhile. On folders it counts reads of files, and of records there are none.
 */
export const metered = <T>(door: Door, work: (meter: Meter) => Promise<T>): Promise<T> => {
  const before = door.tableRequests();
  return tallied((tally) =>
    work(() => {
      const after = door.tableRequests();
      const tables = { requests: after.requests - before.requests, bytes: after.bytes - before.bytes };
      return { records: { ...tally, counted: 'query' }, tables: { ...tables, counted: 'process' } };
    }),
  );
};

/** Which indexes each scope's table has at the version that was read, and how many rows each does not cover yet. */
export const indexesOf = async (scopes: readonly PlannedScope[]): Promise<Record<string, unknown>> =>
  Object.fromEntries(await Promise.all(scopes.map(async ({ scope, reader }) => [scope, await reader.indexes()] as const)));
