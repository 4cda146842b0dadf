import type { NexusVectorStore, TableWriter } from '../ports/vector-store.ts';
import type { Entry } from '../records/register.ts';
import type { Head } from '../records/space-records.ts';
import { ConflictError, expectNext } from './conflict.ts';
import type { SpacePlace } from './spaces.ts';

/** The one act that makes a commit exist. @throws ConflictError when another writer was first */
export const publish = async ({ records }: SpacePlace, after: Entry<Head> | undefined, next: Head): Promise<void> => {
  if (!(await records.head.write(after, next))) throw new ConflictError('another writer published first');
};

/** The table's writer, standing exactly on the published version: what nobody published is rolled back. */
export const writerAt = async (store: NexusVectorStore, table: SpacePlace['table'], head: Head): Promise<TableWriter> => {
  const writer = await store.writer(table);
  if (writer === undefined) throw new Error(`table ${table.name} is gone, but version ${head.version} of it is published`);
  const newest = await writer.version();
  if (newest !== head.version) expectNext(newest, await writer.restore(head.version));
  return writer;
};
