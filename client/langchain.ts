import type { CallbackManagerForRetrieverRun } from '@langchain/core/callbacks/manager';
import { Document, type DocumentInterface } from '@langchain/core/documents';
import type { EmbeddingsInterface } from '@langchain/core/embeddings';
import { BaseRetriever, type BaseRetrieverInput } from '@langchain/core/retrievers';
import { VectorStore } from '@langchain/core/vectorstores';
import type { IngestDocument } from '../shared/http/ingest.ts';
import type { Hit, QueryRequest } from '../shared/http/query.ts';
import { limits } from '../shared/limits.ts';
import type { Space } from './space.ts';

/** LangChain.js over a space: a retriever for what the store embeds itself, a vector store for a program's own embeddings. */

export type NexusFilter = Record<string, unknown>;

const documentOf = (hit: Hit): Document =>
  new Document({
    id: hit.id,
    pageContent: hit.text ?? '',
    metadata: {
      ...hit.metadata,
      doc_id: hit.doc_id,
      chunk: hit.chunk,
      score: hit.score,
      source_scope: hit.source_scope,
      ...(hit.page === undefined ? {} : { page: hit.page }),
      ...(hit.offsets === undefined ? {} : { offsets: hit.offsets }),
      ...(hit.source_uri === undefined ? {} : { source_uri: hit.source_uri }),
    },
  });

/** The best `k` hits, in as many pages as that takes. */
const best = async (space: Space, request: QueryRequest, k: number): Promise<Hit[]> => {
  const hits: Hit[] = [];
  for await (const page of space.pages({ ...request, limit: Math.min(k, limits.maxLimit) })) {
    hits.push(...page.hits);
    if (hits.length >= k) break;
  }
  return hits.slice(0, k);
};

export interface NexusRetrieverOptions
  extends BaseRetrieverInput,
    Pick<QueryRequest, 'mode' | 'include_global' | 'filter' | 'group_by' | 'min_score' | 'rerank'> {
  space: Space;
  /** Passages to return; default `limits.defaultLimit`. */
  k?: number;
}

export class NexusRetriever extends BaseRetriever {
  static override lc_name(): string {
    return 'NexusRetriever';
  }
  override lc_namespace = ['nexus-lite', 'retrievers'];
  private readonly space: Space;
  private readonly k: number;
  private readonly request: QueryRequest;

  constructor({ space, k = limits.defaultLimit, mode, include_global, filter, group_by, min_score, rerank, ...input }: NexusRetrieverOptions) {
    super(input);
    this.space = space;
    this.k = k;
    this.request = { mode, include_global, filter, group_by, min_score, rerank };
  }

  override async _getRelevantDocuments(query: string, _run?: CallbackManagerForRetrieverRun): Promise<DocumentInterface[]> {
    return (await best(this.space, { ...this.request, query }, this.k)).map(documentOf);
  }
}

type MetadataValue = NonNullable<IngestDocument['metadata']>[string];

const isValue = (value: unknown): value is MetadataValue =>
  value === null || ['string', 'number', 'boolean'].includes(typeof value) || (Array.isArray(value) && value.every((item) => typeof item === 'string'));

/** LangChain nests (`{loc: {lines: {from: 1}}}`); the store's metadata is flat: `loc.lines.from`. Other lists become text. */
const flat = (value: Record<string, unknown>, prefix = ''): Record<string, MetadataValue> =>
  Object.assign(
    {},
    ...Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => {
        if (isValue(inner)) return { [prefix + key]: inner };
        return Array.isArray(inner) ? { [prefix + key]: JSON.stringify(inner) } : flat(inner as Record<string, unknown>, `${prefix}${key}.`);
      }),
  );

export interface NexusVectorStoreOptions {
  space: Space;
  include_global?: boolean;
}

/** Vectors made by the program's own embeddings. The space holds them alone: one that the store embeds takes a `NexusRetriever`. */
export class NexusVectorStore extends VectorStore {
  declare FilterType: NexusFilter;
  private readonly space: Space;
  private readonly includeGlobal: boolean;

  constructor(embeddings: EmbeddingsInterface, { space, include_global = false }: NexusVectorStoreOptions) {
    super(embeddings, { space: space.id });
    this.space = space;
    this.includeGlobal = include_global;
  }

  override _vectorstoreType(): string {
    return 'nexus-lite';
  }

  /** @returns the documents' ids, when all of them can be found */
  override async addDocuments(documents: DocumentInterface[], options?: { ids?: string[] }): Promise<string[]> {
    return this.addVectors(await this.embeddings.embedDocuments(documents.map(({ pageContent }) => pageContent)), documents, options);
  }

  override async addVectors(vectors: number[][], documents: DocumentInterface[], { ids }: { ids?: string[] } = {}): Promise<string[]> {
    const named = documents.map(({ id, pageContent, metadata }, index): IngestDocument & { id: string } => ({
      id: ids?.[index] ?? id ?? crypto.randomUUID(),
      text: pageContent,
      vector: vectors[index],
      metadata: flat(metadata),
    }));
    for (const task of await this.space.ingestAll(named)) {
      const { status, errors } = await task.wait();
      if (status !== 'succeeded') throw new Error(`${errors.length} documents were not stored; the first: ${errors[0]?.doc_id}: ${errors[0]?.message}`);
    }
    return named.map(({ id }) => id);
  }

  override async similaritySearchVectorWithScore(vector: number[], k: number, filter?: NexusFilter): Promise<[Document, number][]> {
    const hits = await best(this.space, { vector, mode: 'vector', filter, include_global: this.includeGlobal }, k);
    return hits.map((hit) => [documentOf(hit), hit.score]);
  }

  /** By ids or by a filter; resolves when they are gone. */
  override async delete({ ids, filter }: { ids?: string[]; filter?: NexusFilter } = {}): Promise<void> {
    const task = await this.space.documents.deleteMany(ids === undefined ? { filter } : { doc_ids: ids });
    await task.wait();
  }

  static override async fromTexts(
    texts: string[],
    metadatas: object | object[],
    embeddings: EmbeddingsInterface,
    options: NexusVectorStoreOptions,
  ): Promise<NexusVectorStore> {
    const metadataOf = (index: number) => ((Array.isArray(metadatas) ? metadatas[index] : metadatas) ?? {}) as Record<string, unknown>;
    const documents = texts.map((pageContent, index) => new Document({ pageContent, metadata: metadataOf(index) }));
    return NexusVectorStore.fromDocuments(documents, embeddings, options);
  }

  static override async fromDocuments(
    documents: DocumentInterface[],
    embeddings: EmbeddingsInterface,
    options: NexusVectorStoreOptions,
  ): Promise<NexusVectorStore> {
    const store = new NexusVectorStore(embeddings, options);
    await store.addDocuments(documents);
    return store;
  }
}
