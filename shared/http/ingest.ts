import { z } from 'zod';
import { utf8 } from '../bytes.ts';
import { chunkingSchema, metadataValueSchema } from '../events.ts';
import { isMetadataKey } from '../filter.ts';
import { limits } from '../limits.ts';
import { scopeSchema } from '../space-key.ts';
import { vectorSchema } from './parts.ts';

const metadataSchema = z
  .record(z.string(), metadataValueSchema)
  .refine(
    (metadata) => Object.keys(metadata).every(isMetadataKey),
    'keys must begin with a letter or _, have up to 64 letters, digits, _ . -, and not be a reserved field',
  )
  .refine((metadata) => Object.keys(metadata).length <= limits.metadataKeys, `has more than ${limits.metadataKeys} keys`)
  .refine((metadata) => utf8(JSON.stringify(metadata)).length <= limits.metadataBytes, `is over ${limits.metadataBytes} bytes`);

const hasControl = (text: string): boolean => /[\u0000-\u001f\u007f]/.test(text);

export const documentSchema = z
  .strictObject({
    id: z
      .string()
      .min(1)
      .max(limits.documentIdChars)
      .refine((id) => !hasControl(id) && id.isWellFormed(), 'must not contain control characters or lone surrogates')
      .optional()
      .meta({ description: 'Left out: a hash of content, type and metadata, so that a repeat is not a second document' }),
    text: z.string().max(limits.textChars).optional(),
    blob_ref: z
      .string()
      .min(1)
      .max(2048)
      .optional()
      .meta({ description: '`nexus://{name}` of an uploaded file, or a URI that the route allows to import from' }),
    content: z.strictObject({ media_type: z.string().min(1).max(255), data_base64: z.base64() }).optional(),
    vector: vectorSchema.optional().meta({ description: "The caller's own embedding: one chunk, no model called" }),
    metadata: metadataSchema.optional(),
    type: z
      .string()
      .min(1)
      .max(limits.documentTypeChars)
      .refine((type) => !hasControl(type) && type.isWellFormed(), 'must not contain control characters')
      .optional()
      .meta({ description: 'Default "document"' }),
  })
  .superRefine((document, ctx) => {
    const sources = [document.text, document.blob_ref, document.content].filter((source) => source !== undefined).length;
    if (sources > 1) ctx.addIssue({ code: 'custom', message: 'give exactly one of text, blob_ref and content' });
    if (sources === 0 && document.vector === undefined) ctx.addIssue({ code: 'custom', message: 'give one of text, blob_ref and content, or a vector' });
  });
export type IngestDocument = z.infer<typeof documentSchema>;

export const ingestBodySchema = z
  .strictObject({
    scope: scopeSchema.optional(),
    documents: z.array(documentSchema).min(1).max(limits.documentsPerRequest),
    chunking: chunkingSchema.optional(),
  })
  .superRefine(({ documents }, ctx) => {
    const seen = new Set<string>();
    documents.forEach(({ id }, index) => {
      if (id === undefined) return;
      if (seen.has(id)) ctx.addIssue({ code: 'custom', path: ['documents', index, 'id'], message: 'is used twice in this request' });
      seen.add(id);
    });
  });
export type IngestBody = z.infer<typeof ingestBodySchema>;

export const acceptedSchema = z.object({ task_id: z.string() });

export const idempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
  .max(limits.idempotencyKeyChars);
