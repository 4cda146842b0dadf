import { type Table, tableFromIPC } from 'apache-arrow';
import type { HazePointsResponse } from '../shared/http/haze.ts';

/** What a page says beside its points. */
export type AboutMap = Omit<HazePointsResponse, 'points' | 'next_cursor'>;

export interface ReadPage {
  table: Table;
  about: AboutMap;
  nextCursor: string | null;
}

/** An Arrow page of the API: its points as columns, the rest as JSON in the schema's metadata. */
export const readPage = (bytes: Uint8Array): ReadPage => {
  const table = tableFromIPC(bytes);
  const { next_cursor, ...about } = JSON.parse(table.schema.metadata.get('nexus.haze') ?? '{}') as Omit<HazePointsResponse, 'points'>;
  return { table, about, nextCursor: next_cursor };
};
