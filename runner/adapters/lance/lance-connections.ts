import { type Connection, connect, Session } from '@lancedb/lancedb';
import { LRUCache } from 'lru-cache';
import type { StorageSettings } from '../../storage-settings.ts';
import { yieldToNode } from './engine-priority.ts';
import { fetchManyAtOnce } from './engine-threads.ts';
import { storageOptions } from './storage-options.ts';

export interface ConnectionOptions {
  /** The engine's own defaults (6 GiB and 1 GiB) are more than a small instance has. Bytes. */
  indexCacheBytes: number;
  metadataCacheBytes: number;
  maxConnections: number;
  /** Rows of all tables that are opened in one session of the engine, before the next session begins. */
  maxSessionRows: number;
  /** Without: folders alone. */
  storage?: StorageSettings;
}

/** The connection to a folder of tables, the same one each time. */
export type Connections = (uri: string) => Promise<Connection>;

export interface LanceConnections {
  to: Connections;
  /** To be told of each table that is opened, with its rows. @returns whether a new session has begun: handles of the old one keep all of it */
  opened(rows: number): boolean;
}

/** What one table counts at least and at most: an index costs about a megabyte however small it is, and one large table must not end every session. */
const [leastRows, mostRows] = [2_500, 100_000];

/**
 * Folders of tables, on a disk or an object store, opened in this process with one shared cache.
 *
 * What a session has opened of an index stays with it beside every cache limit: a file handle and about a megabyte each time that
 * maintenance has made a text index of a thousand rows anew (measured: engine 0.39, limits of 1 MiB and 256 MiB alike). So a
 * session ends after so many rows, and its memory goes to the next one.
 */
export const lanceConnections = (options: ConnectionOptions): LanceConnections => {
  fetchManyAtOnce();
  const newSession = (): Session => new Session(BigInt(options.indexCacheBytes), BigInt(options.metadataCacheBytes));
  const connections = new LRUCache<string, Promise<Connection>>({ max: options.maxConnections });
  let session = newSession();
  let rowsOpened = 0;
  let yielding = false;
  return {
    to(uri) {
      const known = connections.get(uri);
      if (known !== undefined) return known;
      const opening = connect(uri, { storageOptions: storageOptions(uri, options.storage) }, session);
      connections.set(uri, opening);
      opening.then(
        () => {
          // The engine's threads begin with the first connection.
          if (!yielding) yieldToNode();
          yielding = true;
        },
        () => connections.delete(uri),
      );
      return opening;
    },
    opened(rows) {
      rowsOpened += Math.min(mostRows, Math.max(leastRows, rows));
      if (rowsOpened <= options.maxSessionRows) return false;
      rowsOpened = 0;
      session = newSession();
      connections.clear();
      return true;
    },
  };
};

/** What the engine says of a table that is not there. */
export const isMissing = (error: unknown): boolean => error instanceof Error && /was not found|not found|does not exist|Dataset at path/i.test(error.message);
