import type { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { documentResponseSchema } from '../../shared/http/documents.ts';
import { limits } from '../../shared/limits.ts';
import { scopeSchema, spaceIdSchema } from '../../shared/space-key.ts';
import { answer, failure } from './answers.ts';
import { type CallApi, pathOf } from './call-api.ts';

const inputSchema = z.strictObject({
  space_id: spaceIdSchema,
  doc_id: z.string().min(1).max(limits.documentIdChars),
  scope: scopeSchema.optional(),
  start: z.number().int().min(0).default(0).meta({ description: 'Where to begin: UTF-16 code units, as in the offsets of a search' }),
  max_chars: z.number().int().min(1).max(limits.mcpReadCharsMax).default(limits.mcpReadChars),
});

/** A cut never goes through a surrogate pair. */
const whole = (text: string, at: number): number => (at > 0 && at < text.length && /[\udc00-\udfff]/.test(text[at] ?? '') ? at - 1 : at);

export const registerReadDocument = (server: McpServer, call: CallApi): void => {
  server.registerTool(
    'read_document',
    {
      title: 'Read a document',
      description: 'Gives the text of a document, or a part of it: go on at next_start until that is null.',
      inputSchema,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    async ({ space_id, doc_id, scope, start, max_chars }) => {
      const path = pathOf(['spaces', space_id, 'documents', doc_id], { scope, include: 'text' });
      const found = await call<z.infer<typeof documentResponseSchema>>('GET', path);
      if (found.error !== undefined) return failure(found.error);
      const { text: all, ...document } = found.body;
      const text = all ?? '';
      const from = whole(text, Math.min(start, text.length));
      const to = Math.max(whole(text, from + max_chars), Math.min(text.length, from + 1));
      const next_start = to < text.length ? to : null;
      return answer(text.slice(from, to), { ...document, total_chars: text.length, start: from, next_start });
    },
  );
};
