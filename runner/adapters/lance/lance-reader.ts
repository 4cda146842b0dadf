import type { FullTextQuery, Table } from '@lancedb/lancedb';
import type { Table as ArrowTable } from 'apache-arrow';
import type { FilterNode } from '../../../shared/filter.ts';
import { limits } from '../../../shared/limits.ts';
import type { DocumentRow, HitRow, RawHit, TableReader, TableShape, TextPiece } from '../../ports/vector-store.ts';
import { highlightsOf, type Stem, termsToStem } from '../../text/highlight.ts';
import type { TextQuery } from '../../text/text-query.ts';
import { within } from '../../within.ts';
import { docIdIn, quotedText } from './document-where.ts';
import { asOursWhenReading } from './engine-errors.ts';
import { filterToWhere } from './filter-to-where.ts';
import { scanTable } from './lance-scan.ts';
import { textColumn, textIndexRows, withoutStopWords } from './text-index.ts';
import { engineQuery, match, type Spelling } from './text-search.ts';
import { partitionsSearched } from './vector-index.ts';
import type { Remembered } from './versions-in-memory.ts';

const reading = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    throw asOursWhenReading(error);
  }
};

const values = (table: ArrowTable, column: string): unknown[] | undefined => table.getChild(column)?.toArray() as unknown[] | undefined;
const strings = (table: ArrowTable, column: string): (string | null)[] => [...((table.getChild(column) ?? []) as Iterable<string | null>)];

const lists = { vector: { number: 'distance', column: '_distance' }, text: { number: 'bm25', column: '_score' } } as const;
type ListKind = keyof typeof lists;

const rawHits = (table: ArrowTable, kind: ListKind, rowIds: readonly bigint[], ids: readonly (string | null)[]): RawHit[] => {
  const { number, column } = lists[kind];
  const numbers = values(table, column) as number[];
  return rowIds.map((rowId, index) => ({ id: ids[index] ?? '', rowId, [number]: numbers[index] ?? 0 }));
};
const rowIdsIn = (table: ArrowTable): bigint[] => [...((values(table, '_rowid') ?? []) as Iterable<bigint>)];

/** Equals mostly end within four times the depth, and so many cost hardly more than the depth alone. */
const tieReachFactor = 4;
/**
 * Which of the rows of one score stand at the end of a text list is the engine's choice, and differs from run to run
 * (measured: as its caches fill). So a list that ends among equals is taken from one that goes on behind them, by id.
 * More equals than this are left to the engine: a walk that meets another choice ends with 410.
 */
const tieReach = 10_000;
const byBm25 = (a: RawHit, b: RawHit): number => (b.bm25 ?? 0) - (a.bm25 ?? 0) || (a.id < b.id ? -1 : 1);

const documentColumns = ['doc_id', 'type', 'seq', 'source_uri', 'metadata'];
const rowsOf = (table: ArrowTable): Record<string, unknown>[] => table.toArray().map((row) => row?.toJSON() as Record<string, unknown>);

/**
 * Reads of one table at one version. The handle is opened at that version and never moved.
 * @param shape with the fields that this version has columns for
 * @param remembered of this version
 */
export const lanceReader = (table: Table, { fields, language }: Pick<TableShape, 'fields' | 'language'>, remembered: Remembered): TableReader => {
  const where = (filter: FilterNode | undefined): string | undefined => (filter === undefined ? undefined : filterToWhere(filter, fields));

  const withChunkCounts = async (heads: Record<string, unknown>[]): Promise<DocumentRow[]> => {
    if (heads.length === 0) return [];
    const found = (await reading(
      table
        .query()
        .where(docIdIn(heads.map(({ doc_id }) => String(doc_id))))
        .select(['doc_id'])
        .toArrow(),
    )) as unknown as ArrowTable;
    const counts = Map.groupBy(strings(found, 'doc_id'), (docId) => docId);
    return heads.map((head) => ({ ...(head as unknown as DocumentRow), seq: Number(head.seq), chunks: counts.get(String(head.doc_id))?.length ?? 0 }));
  };

  /** Every word of a table that is too small for an index. */
  const vocabulary = async (): Promise<Spelling['vocabulary']> => {
    if ((await table.countRows()) >= textIndexRows) return undefined;
    const found = (await table.query().select([textColumn]).toArrow()) as unknown as ArrowTable;
    return new Set(strings(found, textColumn).flatMap((words) => words?.split(' ') ?? []));
  };

  /** Terms as the index holds them: each gives one token, whatever it is. */
  const stemmer = async (terms: readonly string[]): Promise<Stem> => {
    const stems = terms.length === 0 ? [] : await reading(table.tokenize(terms.join(' '), { column: textColumn }));
    const stemOf = new Map(terms.map((term, index) => [term, stems[index]?.text ?? term]));
    return (term) => stemOf.get(term) ?? term;
  };

  const engineQueryOf = async (query: TextQuery): Promise<FullTextQuery | undefined> => {
    const misspelt = [...query.misspelt, ...query.requiredMisspelt];
    const words = misspelt.length === 0 ? undefined : await reading(vocabulary());
    return engineQuery(query, await withoutStopWords(query.any, language), { vocabulary: words, stem: await stemmer(misspelt) });
  };

  /** A list with its ids: those that memory has, or will have as soon as the list is there; else the engine's. */
  const listed = async (kind: ListKind, timeoutMs: number, search: (columns: string[], timeoutMs: number) => Promise<unknown>): Promise<RawHit[]> => {
    const { column } = lists[kind];
    const startedMs = performance.now();
    const expected = remembered.forList(kind);
    if (expected !== undefined) {
      const [answered, version] = await Promise.all([reading(search([column], timeoutMs)), within(Promise.resolve(expected), timeoutMs)]);
      const found = answered as ArrowTable;
      const rowIds = rowIdsIn(found);
      const ids = version?.value?.idsOf(rowIds);
      if (ids !== undefined) return rawHits(found, kind, rowIds, ids);
    }
    const leftMs = Math.max(1, Math.ceil(timeoutMs - (performance.now() - startedMs)));
    const found = (await reading(search(['id', column], leftMs))) as ArrowTable;
    return rawHits(found, kind, rowIdsIn(found), strings(found, 'id'));
  };

  return {
    async vectorSearch(vector, metric, depth, filter, timeoutMs) {
      const condition = where(filter);
      return listed('vector', timeoutMs, (columns, leftMs) => {
        const query = table.query().nearestTo(vector).distanceType(metric).select(columns).withRowId().limit(depth);
        // Further partitions only when these gave fewer rows than were asked for: a filter may leave little in each.
        const probing = query.maximumNprobes(0).minimumNprobes(partitionsSearched);
        return (condition === undefined ? probing : probing.where(condition)).toArrow({ timeoutMs: leftMs });
      });
    },

    async textSearch(query, depth, filter, timeoutMs) {
      const found = await engineQueryOf(query);
      if (found === undefined) return [];
      const condition = where(filter);
      const best = async (limit: number): Promise<RawHit[]> => {
        const list = await listed('text', timeoutMs, (columns, leftMs) => {
          const search = table
            .query()
            .fullTextSearch(found, { columns: [textColumn] })
            .select(columns)
            .withRowId()
            .limit(limit);
          return (condition === undefined ? search : search.where(condition)).toArrow({ timeoutMs: leftMs });
        });
        return list.sort(byBm25);
      };
      const near = Math.max(depth + 1, Math.min(tieReachFactor * depth, tieReach));
      const list = await best(near);
      const isCutInTie = list.length === near && list[depth - 1]?.bm25 === list[near - 1]?.bm25;
      return (isCutInTie && near < tieReach ? await best(tieReach) : list).slice(0, depth);
    },

    async termScores(query, timeoutMs) {
      const terms = await withoutStopWords([...query.required, ...query.any].slice(0, limits.pooledTerms), language);
      const scoresOf = async (term: string): Promise<[string, Map<bigint, number>]> => {
        const search = table
          .query()
          .fullTextSearch(match([term]), { columns: [textColumn] })
          .select(['_score'])
          .withRowId()
          .limit(tieReach);
        const found = (await reading(search.toArrow({ timeoutMs }))) as unknown as ArrowTable;
        const scores = (values(found, '_score') ?? []) as number[];
        return [term, new Map(Array.from((values(found, '_rowid') ?? []) as bigint[], (rowId, index) => [rowId, scores[index] ?? 0]))];
      };
      const [passages, ...found] = await Promise.all([reading(table.countRows()), ...terms.map(scoresOf)]);
      return { passages, reach: tieReach, terms: new Map(found) };
    },

    async highlight(query, texts) {
      const shown = { ...query, any: await withoutStopWords(query.any, language) };
      const terms = termsToStem(shown, texts);
      const stem = await stemmer(terms);
      return texts.map((text) => highlightsOf(text, shown, stem));
    },

    async rows(rowIds, select) {
      if (rowIds.length === 0) return [];
      const inMemory = select.vector ? undefined : remembered.now()?.rowsOf?.(rowIds, select);
      if (inMemory !== undefined) return inMemory;
      const columns = ['type', 'seq', 'source_uri', 'page', 'start', 'end'];
      for (const column of ['text', 'metadata', 'vector'] as const) if (select[column]) columns.push(column);
      const found = (await reading(table.takeRowIds(rowIds).select(columns).withRowId().toArrow())) as unknown as ArrowTable;
      return rowsOf(found).map((row): HitRow => {
        const { _rowid, ...value } = row;
        return {
          ...(value as unknown as HitRow),
          rowId: _rowid as bigint,
          seq: Number(value.seq),
          ...(select.vector ? { vector: Array.from(value.vector as Iterable<number>) } : {}),
        };
      });
    },

    async documents(after, limit, filter) {
      const conditions = [
        'chunk = 0',
        ...(after === undefined ? [] : [`doc_id > ${quotedText(after)}`]),
        ...(filter === undefined ? [] : [filterToWhere(filter, fields)]),
      ];
      const heads = await reading(
        table.query().where(conditions.join(' AND ')).select(documentColumns).orderBy({ columnName: 'doc_id', ascending: true }).limit(limit).toArrow(),
      );
      return withChunkCounts(rowsOf(heads as unknown as ArrowTable));
    },

    async document(docId) {
      const heads = await reading(
        table
          .query()
          .where(`chunk = 0 AND ${docIdIn([docId])}`)
          .select(documentColumns)
          .limit(1)
          .toArrow(),
      );
      return (await withChunkCounts(rowsOf(heads as unknown as ArrowTable)))[0];
    },

    async pieces(docId) {
      const found = await reading(
        table
          .query()
          .where(docIdIn([docId]))
          .select(['chunk', 'text', 'start', 'end', 'lead', 'tail'])
          .toArrow(),
      );
      return (rowsOf(found as unknown as ArrowTable) as unknown as (TextPiece & { chunk: number })[]).sort((a, b) => a.chunk - b.chunk);
    },

    async *scan({ filter, ...options }) {
      try {
        yield* scanTable(table, fields, { ...options, where: where(filter) });
      } catch (error) {
        throw asOursWhenReading(error);
      }
    },

    async stats() {
      const [documents, stats, indexes] = await Promise.all([reading(table.countRows('chunk = 0')), reading(table.stats()), this.indexes()]);
      return { documents, chunks: stats.numRows, bytes: stats.totalBytes, indexes };
    },

    async indexes() {
      const indices = await reading(table.listIndices());
      // One with no rows is there too: it says that its passages are few, and read one by one.
      return Promise.all(
        indices.map(async ({ name, indexType, columns }) => {
          const counted = await reading(table.indexStats(name));
          return { column: columns[0] ?? '', kind: indexType, rows: counted?.numIndexedRows ?? 0, unindexed_rows: counted?.numUnindexedRows ?? 0 };
        }),
      );
    },
  };
};
