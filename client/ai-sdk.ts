import { jsonSchema, type Tool, tool } from 'ai';
import type { Hit, QueryRequest } from '../shared/http/query.ts';
import { limits } from '../shared/limits.ts';
import type { Space } from './space.ts';

export interface NexusSearchToolOptions extends Pick<QueryRequest, 'mode' | 'include_global' | 'filter' | 'group_by' | 'min_score' | 'rerank'> {
  space: Space;
  /** What the model is told that it can find here. */
  description?: string;
  /** Most passages that the model may ask for. */
  maxResults?: number;
}

/** A passage as a model reads it, with what to cite. */
export interface FoundPassage {
  doc_id: string;
  chunk: number;
  text: string;
  score: number;
  source_scope: Hit['source_scope'];
  page?: number;
  source_uri?: string;
  metadata: NonNullable<Hit['metadata']>;
}

const passageOf = ({ doc_id, chunk, text, score, source_scope, page, source_uri, metadata = {} }: Hit): FoundPassage => ({
  doc_id,
  chunk,
  text: text ?? '',
  score,
  source_scope,
  ...(page === undefined ? {} : { page }),
  ...(source_uri === undefined ? {} : { source_uri }),
  metadata,
});

/** A tool for the Vercel AI SDK that searches one space. The space, the filter and the scopes are the program's, never the model's choice. */
export const nexusSearchTool = ({
  space,
  description,
  maxResults = limits.mcpHitsMax,
  ...request
}: NexusSearchToolOptions): Tool<{ query: string; limit?: number }, FoundPassage[]> =>
  tool({
    description: description ?? `Finds passages in ${space.id} that answer a question. Cite doc_id, and page where given.`,
    inputSchema: jsonSchema<{ query: string; limit?: number }>({
      type: 'object',
      properties: {
        query: { type: 'string', minLength: 1, maxLength: limits.queryChars, description: 'A question or keywords, in the language of the documents' },
        limit: { type: 'integer', minimum: 1, maximum: maxResults, description: `Passages to return; default ${Math.min(limits.mcpHits, maxResults)}` },
      },
      required: ['query'],
      additionalProperties: false,
    }),
    execute: async ({ query, limit = limits.mcpHits }, { abortSignal }): Promise<FoundPassage[]> => {
      const { hits } = await space.query({ ...request, query, limit: Math.min(limit, maxResults) }, { signal: abortSignal });
      return hits.map(passageOf);
    },
  });
