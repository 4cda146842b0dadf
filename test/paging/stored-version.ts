import { connect } from '@lancedb/lancedb';
import type { Pin } from '../../shared/cursor.ts';
import { type Scope, spaceKey } from '../../shared/space-key.ts';
import { caller, type RunningRunner } from '../runner/running-runner.ts';

/** A chunk as it lies in the table. */
export interface StoredRow {
  scope: Scope;
  id: string;
  doc_id: string;
  chunk: number;
  seq: bigint;
  task_id: string;
  text: string;
  vector: Float32Array;
  metadata: Record<string, unknown>;
}

export type StoredVersions = (space: string, scope: Scope, pin: Pin) => Promise<StoredRow[]>;

/** Every row of one version, read past the product; each version once. @throws when a document is torn in it */
export const storedVersions = ({ services }: RunningRunner): StoredVersions => {
  const known = new Map<string, Promise<StoredRow[]>>();
  return (space, scope, pin) => {
    const id = `${space} ${scope} ${pin.version}`;
    const found = known.get(id) ?? read(services, space, scope, pin);
    known.set(id, found);
    return found;
  };
};

const read = async (services: RunningRunner['services'], space: string, scope: Scope, { version }: Pin): Promise<StoredRow[]> => {
  const { uri, name } = services.places.space(spaceKey(caller(), scope, space)).table;
  const table = await (await connect(uri)).openTable(name, [], { version });
  const rows = (await table.query().select(['id', 'doc_id', 'chunk', 'seq', 'task_id', 'text', 'vector', 'metadata']).toArray()).map(
    (row): StoredRow => ({
      ...row.toJSON(),
      scope,
      vector: Float32Array.from(row.vector as Iterable<number>),
      metadata: JSON.parse(row.metadata ?? '{}'),
    }),
  );
  for (const [docId, chunks] of Map.groupBy(rows, ({ doc_id }) => doc_id)) {
    const numbers = chunks.map(({ chunk }) => chunk).sort((a, b) => a - b);
    const requests = new Set(chunks.map(({ task_id }) => task_id));
    if (requests.size !== 1 || numbers.some((number, index) => number !== index)) throw new Error(`${docId} is torn in version ${version}`);
  }
  return rows;
};
