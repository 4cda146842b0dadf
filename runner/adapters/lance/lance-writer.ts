import { hash } from 'node:crypto';
import { makeArrowTable, type Table } from '@lancedb/lancedb';
import { type Table as ArrowTable, Schema } from 'apache-arrow';
import type { StoredDocument, StoredText, TableWriter } from '../../ports/vector-store.ts';
import { fieldColumn, fieldOfColumn, fieldSchema } from './columns.ts';
import { docIdIn, quotedText } from './document-where.ts';
import { filterToWhere } from './filter-to-where.ts';
import { maintainTable } from './lance-maintenance.ts';
import { rowsToArrow } from './rows-to-arrow.ts';
import { writing } from './writing.ts';

const storedColumns = ['doc_id', 'seq', 'task_id'];
const storedDocuments = (found: ArrowTable): StoredDocument[] =>
  found.toArray().map((row) => {
    const value = row?.toJSON() as { doc_id: string; seq: bigint; task_id: string };
    return { doc_id: value.doc_id, seq: Number(value.seq), task_id: value.task_id };
  });

/** The newest version of a table, for the writer that holds the space's lease. */
export const lanceWriter = (table: Table): TableWriter => {
  const newest = async (): Promise<number> => {
    await table.checkoutLatest();
    return table.version();
  };
  const committing = async <T>(work: () => Promise<T>): Promise<T> => writing(await table.version(), newest, work);

  return {
    version: () => table.version(),

    async restore(version) {
      return committing(async () => {
        await table.checkout(version);
        await table.restore();
        return table.version();
      });
    },

    async fieldNames() {
      const schema = await table.schema();
      return new Set(schema.fields.map(({ name }) => fieldOfColumn(name)).filter((name) => name !== undefined));
    },

    async addFields(fields) {
      // The engine's package loads its own copy of Arrow, and here knows its own schemas alone: this turns ours into one.
      const { schema } = makeArrowTable([], { schema: new Schema(Object.entries(fields).map(([key, type]) => fieldSchema(key, type))) });
      return (await committing(() => table.addColumns(schema))).version;
    },

    async storedDocuments(docIds) {
      return storedDocuments(
        (await table
          .query()
          .where(`chunk = 0 AND ${docIdIn(docIds)}`)
          .select(storedColumns)
          .toArrow()) as unknown as ArrowTable,
      );
    },

    async storedWhere(filter, beforeSeq, shape) {
      const columns = new Set((await table.schema()).fields.map(({ name }) => name));
      const fields = Object.fromEntries(Object.entries(shape.fields).filter(([key]) => columns.has(fieldColumn(key))));
      const where = `chunk = 0 AND seq < ${beforeSeq} AND ${filterToWhere(filter, fields)}`;
      return storedDocuments((await table.query().where(where).select(storedColumns).toArrow()) as unknown as ArrowTable);
    },

    async storedBeginning(prefix, type) {
      const query = table.query().where(`chunk = 0 AND starts_with(doc_id, ${quotedText(prefix)}) AND type = ${quotedText(type)}`);
      const found = (await query.select([...storedColumns, 'text', 'metadata']).toArrow()) as unknown as ArrowTable;
      return found.toArray().map((row) => {
        const value = row?.toJSON() as StoredText;
        return { ...value, seq: Number(value.seq) };
      });
    },

    async deleteDocuments(docIds) {
      return (await committing(() => table.delete(docIdIn(docIds)))).version;
    },

    async append(rows, shape) {
      return (await committing(() => table.add(rowsToArrow(rows, shape) as never))).version;
    },

    async contentDigest() {
      let rows = 0;
      let sum = 0n;
      for await (const batch of table.query().select(['id', 'seq', 'task_id'])) {
        // Column by column: an object for each row costs more than its hash.
        const [ids, seqs, tasks] = ['id', 'seq', 'task_id'].map((column) => batch.getChild(column));
        rows += batch.numRows;
        for (let row = 0; row < batch.numRows; row++) {
          const digest = hash('sha256', `${ids?.get(row)} ${seqs?.get(row)} ${tasks?.get(row)}`, 'buffer');
          sum = (sum + digest.readBigUInt64LE()) & 0xffff_ffff_ffff_ffffn;
        }
      }
      return `${rows} ${sum}`;
    },

    maintain: (shape, pruneBefore, erase) => maintainTable(table, shape, pruneBefore, erase),

    async clear(shape) {
      // An overwrite by an empty table: version numbers go on, so that nothing of before can be mistaken for what comes.
      return (await committing(() => table.add(rowsToArrow([], { ...shape, fields: {} }) as never, { mode: 'overwrite' }))).version;
    },

    async erase(before) {
      const isEmpty = (await table.countRows()) === 0;
      await table.optimize({ cleanupOlderThan: before, deleteUnverified: isEmpty });
    },
  };
};
