import { z } from 'zod';
import { limits } from '../limits.ts';
import { scopeSchema } from '../space-key.ts';
import { filterSchema, metadataSchema, vectorSchema } from './parts.ts';

const weight = z.number().min(0).max(limits.fusionWeightMax).optional();
const cap = z.number().int().min(0).max(limits.windowHits).optional();

export const queryRequestSchema = z
  .strictObject({
    query: z.string().min(1).max(limits.queryChars).optional().meta({
      description: `Embedded with the space's model, and searched as text: "exact words" and +word must be there, -word must not, word~ may be misspelt`,
    }),
    vector: vectorSchema.optional().meta({ description: "Finite numbers, exactly the space's dimension" }),
    mode: z.enum(['hybrid', 'vector', 'text']).optional().meta({ description: 'Default: hybrid with query, vector with vector only' }),
    limit: z
      .number()
      .int()
      .min(1)
      .max(limits.maxLimit)
      .optional()
      .meta({ description: `Default ${limits.defaultLimit}` }),
    cursor: z.string().optional().meta({ description: '`next_cursor` of the page before; everything else must be as it was' }),
    filter: filterSchema.optional(),
    include_global: z.boolean().optional().meta({ description: 'Search the shared space of the same name too; default false' }),
    scope: scopeSchema.optional(),
    select: z
      .array(z.enum(['text', 'metadata', 'vector', 'highlights']))
      .optional()
      .meta({ description: 'Default text, metadata' }),
    group_by: z.literal('doc_id').optional().meta({ description: 'Best chunk per document and scope only' }),
    min_score: z.number().optional(),
    fusion: z
      .strictObject({
        k: z.number().min(1).max(limits.fusionKMax).optional(),
        weights: z.strictObject({ vector: weight, text: weight, tenant: weight, global: weight }).optional(),
        caps: z.strictObject({ tenant: cap, global: cap }).optional().meta({ description: "A scope's most hits in the whole window" }),
      })
      .optional(),
    rerank: z.union([z.boolean(), z.strictObject({ top_n: z.number().int().min(1).max(limits.rerankTopN) })]).optional(),
    consistency: z.enum(['strong', 'eventual']).optional().meta({ description: 'Default strong: sees every task that had succeeded before the request' }),
    after_task: z.string().optional().meta({ description: 'First page only: wait until that task is visible' }),
    explain: z.boolean().optional(),
  })
  .superRefine((request, ctx) => {
    const mode = modeOf(request);
    if (request.query === undefined && request.vector === undefined) ctx.addIssue({ code: 'custom', path: ['query'], message: 'give query, vector, or both' });
    else if (request.query === undefined && request.rerank !== undefined && request.rerank !== false)
      ctx.addIssue({ code: 'custom', path: ['rerank'], message: 'needs query: a reranker reads texts' });
    else if (mode !== 'vector' && request.query === undefined) ctx.addIssue({ code: 'custom', path: ['query'], message: `mode ${mode} needs query` });
  });
export type QueryRequest = z.infer<typeof queryRequestSchema>;
export type QueryMode = NonNullable<QueryRequest['mode']>;

export const modeOf = (request: { query?: string | undefined; vector?: number[] | undefined; mode?: QueryMode | undefined }): QueryMode =>
  request.mode ?? (request.query === undefined ? 'vector' : 'hybrid');

export const hitSchema = z.object({
  id: z.string(),
  doc_id: z.string(),
  chunk: z.number().int(),
  type: z.string(),
  text: z.string().nullable().optional(),
  metadata: metadataSchema.optional(),
  vector: z.array(z.number()).optional(),
  highlights: z
    .array(z.object({ start: z.number().int(), end: z.number().int() }))
    .optional()
    .meta({ description: 'Where `text` holds what was asked for, in UTF-16 code units of it' }),
  score: z.number(),
  source_scope: scopeSchema,
  distance: z.number().optional(),
  bm25: z.number().optional(),
  source_uri: z.string().optional(),
  page: z.number().int().optional(),
  offsets: z.object({ start: z.number().int(), end: z.number().int() }).optional(),
  updated_at: z.string(),
  explain: z.object({ ranks: z.record(z.string(), z.number().int()) }).optional(),
});
export type Hit = z.infer<typeof hitSchema>;

const snapshotSchema = z.object({ incarnation: z.string(), version: z.number().int() });

export const queryResponseSchema = z.object({
  hits: z.array(hitSchema),
  next_cursor: z.string().nullable(),
  snapshot: z.object({ tenant: snapshotSchema.optional(), global: snapshotSchema.optional() }),
  took_ms: z.number(),
  explain: z.record(z.string(), z.unknown()).optional(),
});
export type QueryResponse = z.infer<typeof queryResponseSchema>;
