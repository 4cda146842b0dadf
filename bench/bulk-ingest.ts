import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@lancedb/lancedb';
import { Field, FixedSizeList, Float32, Float64, makeData, makeVector, RecordBatch, Schema, Struct, Table, Utf8, vectorFromArray } from 'apache-arrow';
import type { Figure } from './figures.ts';
import { ingestBodies, load } from './load.ts';
import type { BenchOptions } from './main.ts';
import { startRunnerProcess } from './runner-process.ts';
import { clusteredVectors } from './vectors.ts';

const dimension = 384;
const perBatch = 1_000;

/** The same rows as one Arrow table, as a program that has nothing else to do would write them. */
const arrowRows = (vectors: readonly Float32Array[], from: number): Table => {
  const values = new Float32Array(vectors.length * dimension);
  vectors.forEach((vector, index) => {
    values.set(vector, index * dimension);
  });
  const schema = new Schema([
    new Field('id', new Utf8(), false),
    new Field('pick', new Float64(), false),
    new Field('vector', new FixedSizeList(dimension, new Field('item', new Float32(), true)), false),
  ]);
  const list = schema.fields[2]?.type;
  const columns = [
    vectorFromArray(
      vectors.map((_, index) => `d${from + index}`),
      new Utf8(),
    ),
    vectorFromArray(
      vectors.map((_, index) => (from + index) % 1_000),
      new Float64(),
    ),
    makeVector(makeData({ type: list, length: vectors.length, child: makeData({ type: new Float32(), length: values.length, data: values }) } as never)),
  ];
  const data = makeData({ type: new Struct(schema.fields), length: vectors.length, children: columns.map((column) => column.data[0]) } as never);
  return new Table(schema, new RecordBatch(schema, data as never));
};

/** Plain `table.add`, a thousand rows at a time, synced to disk as the runner's are. @returns documents a second */
const plainAdd = async (vectors: readonly Float32Array[]): Promise<number> => {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-bench-'));
  try {
    const db = await connect(folder, { storageOptions: { local_fsync: 'true' } });
    const startedMs = performance.now();
    const table = await db.createTable('plain', arrowRows(vectors.slice(0, perBatch), 0) as never);
    for (let from = perBatch; from < vectors.length; from += perBatch) await table.add(arrowRows(vectors.slice(from, from + perBatch), from) as never);
    return (vectors.length / (performance.now() - startedMs)) * 1000;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Documents with given vectors through the HTTP API until published, beside plain `table.add` of the same rows. */
export const bulkIngest = async ({ quick }: BenchOptions): Promise<Figure[]> => {
  const documents = quick ? 20_000 : 100_000;
  const vectors = clusteredVectors(documents, dimension, 1);
  const bodies = ingestBodies(vectors);
  const [accepted, published, plain]: number[][] = [[], [], []] as number[][];
  for (let round = 0; round < (quick ? 2 : 3); round++) {
    const runner = await startRunnerProcess();
    try {
      const seconds = await load(runner, 'bulk', bodies);
      accepted?.push(documents / seconds.accepted);
      published?.push(documents / seconds.published);
    } finally {
      await runner.stop();
    }
    plain?.push(await plainAdd(vectors));
  }
  const bench = `bulk-ingest ${documents.toLocaleString('en')} × ${dimension}`;
  return [
    { bench, what: 'accepted over HTTP', unit: 'documents/s', rounds: accepted ?? [] },
    { bench, what: 'published over HTTP', unit: 'documents/s', rounds: published ?? [] },
    { bench, what: 'plain table.add', unit: 'documents/s', rounds: plain ?? [] },
    { bench, what: 'plain ÷ published', unit: '×', rounds: (plain ?? []).map((rate, round) => rate / (published?.[round] ?? Number.NaN)) },
  ];
};
