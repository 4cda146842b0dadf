import { type Connection, connect, Session } from '@lancedb/lancedb';
import { LRUCache } from 'lru-cache';
import type { StorageSettings } from '../../storage-settings.ts';
import { yieldToNode } from './engine-priority.ts';
import { storageOptions } from './storage-options.ts';

export interface ConnectionOptions {
  /** The engine's own defaults (6 GiB and 1 GiB) are more than a small instance has. Bytes. */
  indexCacheBytes: number;
  metadataCacheBytes: number;
  maxConnections: number;
  /** Without: folders alone. */
  storage?: StorageSettings;
}

/** The connection to a folder of tables, the same one each time. */
export type Connections = (uri: string) => Promise<Connection>;

/** Folders of tables, on a disk or an object store, opened in this process with one shared cache. */
export const lanceConnections = (options: ConnectionOptions): Connections => {
  const session = new Session(BigInt(options.indexCacheBytes), BigInt(options.metadataCacheBytes));
  const connections = new LRUCache<string, Promise<Connection>>({ max: options.maxConnections });
  let yielding = false;
  return (uri) => {
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
  };
};

/** What the engine says of a table that is not there. */
export const isMissing = (error: unknown): boolean => error instanceof Error && /was not found|not found|does not exist|Dataset at path/i.test(error.message);
