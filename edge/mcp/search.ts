import type { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { filterSchema } from '../../shared/http/parts.ts';
import type { Hit, QueryResponse } from '../../shared/http/query.ts';
import { limits } from '../../shared/limits.ts';
import { scopeSchema, spaceIdSchema } from '../../shared/space-key.ts';
import { answer, cut, failure } from './answers.ts';
import { type CallApi, pathOf } from './call-api.ts';

const inputSchema = z.strictObject({
  space_id: spaceIdSchema.meta({ description: 'The space to search; list_spaces names them' }),
  query: z.string().min(1).max(limits.queryChars).meta({ description: 'A question or keywords, in the language of the documents' }),
  limit: z.number().int().min(1).max(limits.mcpHitsMax).default(limits.mcpHits).meta({ description: 'Passages to return' }),
  filter: filterSchema.optional(),
  include_global: z.boolean().optional().meta({ description: 'Search the shared knowledge of the product surface as well' }),
  scope: scopeSchema.optional(),
  one_per_document: z.boolean().optional().meta({ description: 'Only the best passage of each document' }),
  cursor: z.string().optional().meta({ description: 'next_cursor of the answer before, with everything else as it was, for the passages that follow' }),
});

const citationOf = (hit: Hit) => ({
  doc_id: hit.doc_id,
  chunk: hit.chunk,
  score: hit.score,
  source_scope: hit.source_scope,
  ...(hit.page === undefined ? {} : { page: hit.page }),
  ...(hit.offsets === undefined ? {} : { offsets: hit.offsets }),
  ...(hit.source_uri === undefined ? {} : { source_uri: hit.source_uri }),
  metadata: hit.metadata ?? {},
});

const passage = (hit: Hit, index: number): string => {
  const place = [`chunk ${hit.chunk}`, ...(hit.page === undefined ? [] : [`page ${hit.page}`]), hit.source_scope, `score ${hit.score.toFixed(3)}`];
  return `[${index + 1}] ${hit.doc_id} (${place.join(', ')})\n${cut(hit.text ?? '(no text)')}`;
};

export const registerSearch = (server: McpServer, call: CallApi): void => {
  server.registerTool(
    'search',
    {
      title: 'Search a space',
      description: 'Finds the passages of a space that answer a question, best first, each with the document it is from. Cite doc_id, and page where given.',
      inputSchema,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    async ({ space_id, one_per_document, ...request }) => {
      const body = { ...request, ...(one_per_document === true ? { group_by: 'doc_id' } : {}) };
      const found = await call<QueryResponse>('POST', pathOf(['spaces', space_id, 'query']), body);
      if (found.error !== undefined) return failure(found.error);
      const { hits, next_cursor } = found.body;
      const text = hits.length === 0 ? 'Nothing was found.' : hits.map(passage).join('\n\n');
      return answer(text, { citations: hits.map(citationOf), next_cursor });
    },
  );
};
