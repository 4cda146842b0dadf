import type { SpaceKey } from '../../shared/space-key.ts';
import type { Answer } from '../runner/running-runner.ts';
import { grantedFetch } from './granted-fetch.ts';
import type { PlannedDocument, Wish } from './history.ts';
import { type GivenDocument, textOf } from './model.ts';

const bulkyTokens = 2048;

const vectorOf = (dimension: number, { sentences, rank }: PlannedDocument): number[] =>
  Array.from({ length: dimension }, (_, index) => Math.sin(1 + index + sentences * 7 + rank));

const givenOf = (planned: PlannedDocument, mark: string, feed: 'text' | number, bulky: boolean): GivenDocument => {
  const metadata = { topic: planned.topic, rank: planned.rank };
  const text = textOf(planned.id, mark, planned.sentences, bulky).trim();
  if (feed === 'text') return { text, vector: undefined, metadata };
  return { text: text === '' ? undefined : text, vector: vectorOf(feed, planned), metadata };
};

/** What a wish to write gives, document by document. @param mark tells this version from every other */
export const documentsOf = (wish: Wish, mark: string, feed: 'text' | number): Map<string, GivenDocument> => {
  if (wish.kind !== 'ingest') return new Map();
  return new Map(wish.documents.map((planned, index) => [planned.id, givenOf(planned, mark, feed, wish.bulky && index === 0)]));
};

/** Sends a wish to a runner that accepts. */
export const ask = (
  origin: string,
  key: SpaceKey,
  wish: Exclude<Wish, { kind: 'maintain' }>,
  documents: Map<string, GivenDocument>,
  headers: Record<string, string> = {},
): Promise<Answer> => {
  const space = `/nexus/spaces/${key.space_id}`;
  const send = (method: string, path: string, body?: unknown) => grantedFetch(origin, method, path, body, { headers });
  switch (wish.kind) {
    case 'ingest':
      return send('POST', `${space}/ingest`, {
        documents: [...documents].map(([id, { text, vector, metadata }]) => ({ id, text, vector, metadata })),
        chunking: { max_tokens: wish.bulky ? bulkyTokens : wish.maxTokens },
      });
    case 'delete':
      return wish.oneByOne
        ? send('DELETE', `${space}/documents/${encodeURIComponent(wish.ids[0] ?? '')}`)
        : send('POST', `${space}/documents/delete`, { doc_ids: wish.ids });
    case 'delete_where':
      return send('POST', `${space}/documents/delete`, { filter: { topic: wish.topic, rank: { gte: wish.fromRank } } });
    case 'delete_space':
      return send('DELETE', space);
  }
};
