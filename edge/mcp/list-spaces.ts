import type { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { spacesResponseSchema } from '../../shared/http/spaces.ts';
import { limits } from '../../shared/limits.ts';
import { scopeSchema } from '../../shared/space-key.ts';
import { answer, failure } from './answers.ts';
import { type CallApi, pathOf } from './call-api.ts';

const inputSchema = z.strictObject({
  scope: scopeSchema.optional(),
  limit: z.number().int().min(1).max(limits.maxLimit).optional(),
  cursor: z.string().optional().meta({ description: 'next_cursor of the answer before' }),
});

export const registerListSpaces = (server: McpServer, call: CallApi): void => {
  server.registerTool(
    'list_spaces',
    {
      title: 'List spaces',
      description: 'Names the spaces that hold documents.',
      inputSchema,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    async (query) => {
      const found = await call<z.infer<typeof spacesResponseSchema>>('GET', pathOf(['spaces'], query));
      if (found.error !== undefined) return failure(found.error);
      const names = found.body.spaces.map(({ space_id, scope }) => `${space_id} (${scope})`);
      return answer(names.length === 0 ? 'There are no spaces yet: ingest makes one.' : names.join('\n'), found.body);
    },
  );
};
