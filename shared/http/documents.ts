import { z } from 'zod';
import { limits } from '../limits.ts';
import { scopeSchema, spaceIdSchema } from '../space-key.ts';
import { filterParameterSchema, filterSchema, metadataSchema, pageQuery } from './parts.ts';

const documentIdSchema = z.string().min(1).max(limits.documentIdChars);

export const documentParamsSchema = z.object({ space_id: spaceIdSchema, doc_id: documentIdSchema });

export const documentsQuerySchema = z.strictObject({ scope: scopeSchema.optional(), filter: filterParameterSchema.optional(), ...pageQuery });
export type DocumentsQuery = z.infer<typeof documentsQuerySchema>;

export const documentQuerySchema = z.strictObject({ scope: scopeSchema.optional(), include: z.literal('text').optional() });

export const documentSummarySchema = z.object({
  doc_id: z.string(),
  type: z.string(),
  chunks: z.number().int(),
  metadata: metadataSchema,
  source_uri: z.string().nullable(),
  updated_at: z.string(),
});
export type DocumentSummary = z.infer<typeof documentSummarySchema>;

export const documentsResponseSchema = z.object({
  documents: z.array(documentSummarySchema),
  next_cursor: z.string().nullable(),
  snapshot: z.object({ incarnation: z.string(), version: z.number().int() }).nullable(),
});
export type DocumentsResponse = z.infer<typeof documentsResponseSchema>;

export const documentResponseSchema = documentSummarySchema.extend({ text: z.string().nullable().optional() });

export const deleteDocumentsBodySchema = z
  .strictObject({
    scope: scopeSchema.optional(),
    doc_ids: z.array(documentIdSchema).min(1).max(limits.deletesPerRequest).optional(),
    filter: filterSchema.optional().meta({ description: 'Removes what it finds when it runs' }),
  })
  .refine(({ doc_ids, filter }) => (doc_ids === undefined) !== (filter === undefined), 'give either doc_ids or filter')
  .refine(({ filter }) => filter === undefined || Object.keys(filter).length > 0, 'an empty filter would delete everything; delete the space instead');
export type DeleteDocumentsBody = z.infer<typeof deleteDocumentsBodySchema>;
