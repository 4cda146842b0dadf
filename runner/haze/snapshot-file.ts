import { type Builder, Int32, Int64, makeBuilder, makeVector, Table, tableFromIPC, tableToIPC, Uint32, Utf8, type Vector } from 'apache-arrow';
import { z } from 'zod';

const clusterSchema = z.object({ label: z.string(), terms: z.array(z.string()), points: z.number().int(), x: z.number(), y: z.number(), z: z.number() });

const metaSchema = z.object({
  /** The space it is of, and what of it was drawn. */
  space: z.string(),
  incarnation: z.string(),
  space_version: z.number().int(),
  created_at: z.string(),
  method: z.string(),
  explained: z.number().nullable(),
  rows: z.number().int(),
  clusters: z.array(clusterSchema),
});
export type SnapshotMeta = z.infer<typeof metaSchema>;
export type SnapshotCluster = SnapshotMeta['clusters'][number];

/** What is kept of one passage beside its place. */
export interface SnapshotRow {
  /** Its place when all passages are sorted for sampling, from 0. */
  order: number;
  id: string;
  doc_id: string;
  chunk: number;
  seq: number;
  type: string;
  title: string;
  snippet: string;
}

const textColumns = ['id', 'doc_id', 'type', 'title', 'snippet'] as const;
const metaKey = 'nexus.haze';

/** Gathers a snapshot's rows as columns: as text of its own, a snippet would keep its whole passage in memory. */
export const snapshotColumns = () => {
  const text = () => makeBuilder({ type: new Utf8() });
  const texts = { id: text(), doc_id: text(), type: text(), title: text(), snippet: text() };
  const orders = makeBuilder({ type: new Uint32() });
  const chunks = makeBuilder({ type: new Int32() });
  const seqs = makeBuilder({ type: new Int64() });
  return {
    add(row: SnapshotRow): void {
      for (const name of textColumns) texts[name].append(row[name]);
      orders.append(row.order);
      chunks.append(row.chunk);
      seqs.append(BigInt(row.seq));
    },
    /** The file: Arrow IPC, with what is known of the whole in the schema's metadata. */
    toFile(places: Float32Array, clusters: Int32Array, density: Float32Array, meta: SnapshotMeta): Uint8Array {
      const axis = (offset: number) => makeVector(Float32Array.from({ length: places.length / 3 }, (_, index) => places[index * 3 + offset] ?? 0));
      const finished = (builder: Builder): Vector => builder.finish().toVector();
      const table = new Table({
        order: finished(orders),
        ...Object.fromEntries(textColumns.map((name) => [name, finished(texts[name])])),
        chunk: finished(chunks),
        seq: finished(seqs),
        x: axis(0),
        y: axis(1),
        z: axis(2),
        cluster: makeVector(clusters),
        density: makeVector(density),
      });
      table.schema.metadata.set(metaKey, JSON.stringify(meta));
      return tableToIPC(table, 'file');
    },
  };
};

export interface SnapshotPoint extends SnapshotRow {
  x: number;
  y: number;
  z: number;
  cluster: number;
  density: number;
}

/** A snapshot as it was read. Rows are decoded when they are asked for. */
export interface SnapshotView {
  meta: SnapshotMeta;
  bytes: number;
  count: number;
  /** Indices of rows, in sampling order. */
  inOrder: Uint32Array;
  orderAt(index: number): number;
  idAt(index: number): string;
  seqAt(index: number): number;
  placeAt(index: number): [number, number, number];
  pointAt(index: number): SnapshotPoint;
  indexOf(id: string): number | undefined;
}

/** @throws when the bytes are not a snapshot of this space */
export const readSnapshot = (bytes: Uint8Array, space: string): SnapshotView => {
  const table = tableFromIPC(bytes);
  const meta = metaSchema.parse(JSON.parse(table.schema.metadata.get(metaKey) ?? 'null'));
  if (meta.space !== space) throw new Error(`a snapshot of the space ${meta.space}`);
  const column = (name: string): Vector => {
    const child = table.getChild(name);
    if (child === null) throw new Error(`a snapshot without ${name}`);
    return child;
  };
  const numbers = Object.fromEntries(['order', 'chunk', 'x', 'y', 'z', 'cluster', 'density'].map((name) => [name, column(name).toArray()]));
  const texts = Object.fromEntries(textColumns.map((name) => [name, column(name)]));
  const seqs = column('seq').toArray() as BigInt64Array;
  const number = (name: string, index: number): number => Number(numbers[name]?.[index] ?? 0);
  const text = (name: string, index: number): string => String(texts[name]?.get(index) ?? '');
  const inOrder = Uint32Array.from({ length: table.numRows }, (_, index) => index).sort((a, b) => number('order', a) - number('order', b));
  let byId: Map<string, number> | undefined;
  return {
    meta,
    bytes: bytes.length,
    count: table.numRows,
    inOrder,
    orderAt: (index) => number('order', index),
    idAt: (index) => text('id', index),
    seqAt: (index) => Number(seqs[index] ?? 0n),
    placeAt: (index) => [number('x', index), number('y', index), number('z', index)],
    pointAt: (index) => ({
      order: number('order', index),
      id: text('id', index),
      doc_id: text('doc_id', index),
      chunk: number('chunk', index),
      seq: Number(seqs[index] ?? 0n),
      type: text('type', index),
      title: text('title', index),
      snippet: text('snippet', index),
      x: number('x', index),
      y: number('y', index),
      z: number('z', index),
      cluster: number('cluster', index),
      density: number('density', index),
    }),
    indexOf(id) {
      byId ??= new Map(Array.from({ length: table.numRows }, (_, index) => [text('id', index), index]));
      return byId.get(id);
    },
  };
};
