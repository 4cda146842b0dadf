import type { Table } from '@lancedb/lancedb';
import { LRUCache } from 'lru-cache';
import type { Pin } from '../../../shared/cursor.ts';
import {
  type NexusVectorStore,
  type TableLocation,
  type TableReader,
  type TableShape,
  VersionGoneError,
  WriteConflictError,
} from '../../ports/vector-store.ts';
import { parseObjectRoot } from '../../storage-settings.ts';
import { fieldColumn } from './columns.ts';
import { asOurs } from './engine-errors.ts';
import { type ConnectionOptions, isMissing, type LanceConnections, lanceConnections } from './lance-connections.ts';
import { engineRequests } from './lance-metrics.ts';
import { lanceReader } from './lance-reader.ts';
import { lanceWriter } from './lance-writer.ts';
import { rowsToArrow } from './rows-to-arrow.ts';
import { textColumn, textIndexFor, textIndexRows } from './text-index.ts';
import { type MemoryBounds, type Remembered, versionsInMemory } from './versions-in-memory.ts';
import { writing } from './writing.ts';

export interface LanceOptions extends ConnectionOptions {
  /** Open handles kept: each is a few kilobytes, and opening one costs one or two requests. */
  maxReaders: number;
  /** What warm queries read beside indexes. */
  memory: MemoryBounds;
}

/** A version knows the fields it has columns for: keys that came later are missing in it, as in all its rows. */
const readerOf = async (table: Table, { fields, language }: TableShape, remembered: Remembered): Promise<TableReader> => {
  const columns = new Set((await table.schema()).fields.map(({ name }) => name));
  const known = Object.fromEntries(Object.entries(fields).filter(([key]) => columns.has(fieldColumn(key))));
  return lanceReader(table, { fields: known, language }, remembered);
};

/** Lance tables, in this process. @param connections shared with whatever else opens tables here */
export const lanceVectorStore = (options: LanceOptions, connections: LanceConnections = lanceConnections(options)): NexusVectorStore => {
  const readers = new LRUCache<string, Promise<TableReader>>({ max: options.maxReaders });
  const remember = versionsInMemory(options.memory);

  const openAt = async ({ uri, name }: TableLocation, version?: number): Promise<{ table: Table; rows: number }> => {
    try {
      const table = await (await connections.to(uri)).openTable(name, [], version === undefined ? {} : { version });
      const rows = await table.countRows();
      // Queries under way keep the handles that they have.
      if (connections.opened(rows)) readers.clear();
      return { table, rows };
    } catch (error) {
      throw asOurs(error);
    }
  };

  /** 0 where there is no table. */
  const newest = async (location: TableLocation): Promise<number> => {
    try {
      return await (await openAt(location)).table.version();
    } catch (error) {
      if (isMissing(error)) return 0;
      throw error;
    }
  };

  /** Numbers may start again when files begin anew: the incarnation tells them apart. */
  const keyOf = ({ uri, name }: TableLocation, { incarnation, version }: Pin): string => `${uri} ${name} ${incarnation} ${version}`;

  return {
    isOpen: (location, pin) => readers.has(keyOf(location, pin)),

    reader(location, pin, shape) {
      const { version } = pin;
      const key = keyOf(location, pin);
      const known = readers.get(key);
      if (known !== undefined) return known;
      const opening = openAt(location, version).then(
        ({ table, rows }) => readerOf(table, shape, remember({ table, rows, isFar: parseObjectRoot(location.uri) !== undefined })),
        (error: unknown) => {
          throw isMissing(error) ? new VersionGoneError('the version is gone', { cause: error }) : error;
        },
      );
      readers.set(key, opening);
      opening.catch(() => readers.delete(key));
      return opening;
    },

    async writer(location) {
      try {
        return lanceWriter((await openAt(location)).table);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },

    async create({ uri, name }, shape, rows) {
      // `overwrite` is a new version of whatever lies there, not a new folder: numbers never start again, and a late
      // writer's commit to what was there before conflicts instead of landing in the new table.
      const location = { uri, name };
      const found = await newest(location);
      const table = await writing(
        found,
        () => newest(location),
        async () => (await connections.to(uri)).createTable(name, rowsToArrow(rows, shape) as never, { mode: 'overwrite' }),
      );
      const begun = await table.version();
      await writing(
        begun,
        () => newest(location),
        () => table.createIndex(textColumn, { config: textIndexFor(shape.language), train: rows.length >= textIndexRows }),
      );
      const version = await table.version();
      if (version !== begun + 1) throw new WriteConflictError('somebody else committed');
      return version;
    },

    prepare({ uri }) {
      connections.to(uri).catch(() => undefined);
    },

    requests: engineRequests(),
  };
};
