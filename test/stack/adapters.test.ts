import { Document } from '@langchain/core/documents';
import { Embeddings } from '@langchain/core/embeddings';
import { beforeAll, describe, expect, test } from 'vitest';
import { nexusSearchTool } from '../../client/ai-sdk.ts';
import { createNexus, type Space } from '../../client/index.ts';
import { NexusRetriever, NexusVectorStore } from '../../client/langchain.ts';
import { commonStack, newTenant } from './common-stack.ts';

/** What a program of another framework may rely on: the real packages against the running stack. */

const stack = commonStack();
const tenant = newTenant();

/** Each text a direction of its own: its first letter. */
class Letters extends Embeddings {
  constructor() {
    super({});
  }
  override async embedQuery(text: string): Promise<number[]> {
    return Array.from({ length: 26 }, (_, index) => (text.toLowerCase().charCodeAt(0) - 97 === index ? 1 : 0.01));
  }
  override embedDocuments(texts: string[]): Promise<number[][]> {
    return Promise.all(texts.map((text) => this.embedQuery(text)));
  }
}

let space: (id: string) => Space;
beforeAll(async () => {
  const nexus = createNexus({ url: stack.edge, token: await stack.token({ tenant }) });
  space = (id) => nexus.space(id);
  const task = await space('letters').ingest({
    documents: [
      { id: 'returns', text: 'Returns are free within 30 days.', metadata: { lang: 'en' } },
      { id: 'shipping', text: 'Shipping takes two days; returns go the same way.', metadata: { lang: 'en' } },
      { id: 'retouren', text: 'Retouren sind kostenlos: returns.', metadata: { lang: 'de' } },
    ],
  });
  await task.wait();
});

describe('a LangChain retriever', () => {
  test('finds passages with what to cite, and keeps to its filter', async () => {
    const retriever = new NexusRetriever({ space: space('letters'), k: 2, filter: { lang: 'en' } });
    const documents = await retriever.invoke('are returns free?');
    expect(documents.map(({ metadata }) => metadata.doc_id)).toEqual(['returns', 'shipping']);
    expect(documents[0]).toMatchObject({
      id: 'returns#0',
      pageContent: 'Returns are free within 30 days.',
      metadata: { lang: 'en', chunk: 0, source_scope: 'tenant', score: 1 },
    });
  });
});

describe('a LangChain vector store', () => {
  test('stores what its embeddings make, finds it by them, filters, and deletes', async () => {
    const documents = ['apple', 'banana', 'cherry'].map(
      (pageContent, index) => new Document({ pageContent, metadata: { index, loc: { lines: { from: index } } } }),
    );
    const store = await NexusVectorStore.fromDocuments(documents, new Letters(), { space: space('fruit') });
    const [best] = await store.similaritySearchWithScore('banana split', 1);
    expect(best?.[0]).toMatchObject({ pageContent: 'banana', metadata: { index: 1, 'loc.lines.from': 1 } });
    expect(best?.[1]).toBeCloseTo(1, 3);
    expect((await store.similaritySearch('banana', 10, { index: { ne: 1 } })).map(({ pageContent }) => pageContent)).not.toContain('banana');

    const [id] = await store.addDocuments([new Document({ pageContent: 'date' })], { ids: ['the-date'] });
    expect(id).toBe('the-date');
    await store.delete({ ids: ['the-date'] });
    expect((await store.similaritySearch('date', 10)).map(({ pageContent }) => pageContent).sort()).toEqual(['apple', 'banana', 'cherry']);
  });

  test('says which document could not be stored', async () => {
    const store = new NexusVectorStore(new Letters(), { space: space('fruit') });
    await expect(store.addDocuments([new Document({ pageContent: 'x', metadata: { index: 'not a number' } })], { ids: ['wrong'] })).rejects.toThrow(
      /wrong: .*index/,
    );
  });

  test('gives more hits than one page holds', async () => {
    const texts = Array.from({ length: 130 }, (_, index) => `m${index}`);
    const store = await NexusVectorStore.fromTexts(texts, {}, new Letters(), { space: space('many') });
    const found = await store.similaritySearch('m', 120);
    expect(new Set(found.map(({ pageContent }) => pageContent)).size).toBe(120);
  });
});

describe('a tool of the AI SDK', () => {
  test('tells a model what it takes, and gives passages with what to cite', async () => {
    const search = nexusSearchTool({ space: space('letters'), filter: { lang: 'en' }, maxResults: 1 });
    expect(search.description).toMatch(/letters/);
    const found = await search.execute?.({ query: 'are returns free?', limit: 50 }, { toolCallId: '1', messages: [] } as never);
    expect(found).toEqual([
      { doc_id: 'returns', chunk: 0, text: 'Returns are free within 30 days.', score: 1, source_scope: 'tenant', metadata: { lang: 'en' } },
    ]);
  });
});
