import { z } from 'zod';
import { isMetadataKey } from '../filter.ts';
import { limits } from '../limits.ts';
import { scopeSchema } from '../space-key.ts';
import { pageQuery } from './parts.ts';

export const fieldTypes = ['string', 'number', 'boolean', 'string[]', 'time'] as const;
export type FieldType = (typeof fieldTypes)[number];
export const metrics = ['cosine', 'l2', 'dot'] as const;
export type Metric = (typeof metrics)[number];

export const fieldsSchema = z
  .record(z.string(), z.enum(fieldTypes))
  .refine(
    (fields) => Object.keys(fields).every(isMetadataKey),
    'keys must begin with a letter or _, have up to 64 letters, digits, _ . -, and not be a reserved field',
  )
  .refine((fields) => Object.keys(fields).length <= limits.metadataKeysPerSpace, `has more than ${limits.metadataKeysPerSpace} keys`);

export const settingsBodySchema = z.strictObject({
  embedding_model: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: "The configured embedder's model, or `external@<dimension>` for callers' own vectors" }),
  dimension: z.number().int().min(1).max(limits.maxDimension).optional(),
  metric: z.enum(metrics).optional().meta({ description: 'Default cosine' }),
  language: z
    .string()
    .regex(/^[a-z]{2,3}$/, 'must be an ISO 639 code such as en')
    .optional(),
  fields: fieldsSchema.optional().meta({ description: 'Types of metadata keys; otherwise a key gets its type from its first value' }),
});
export type SettingsBody = z.infer<typeof settingsBodySchema>;

export const settingsSchema = z.object({
  embedding_model: z.string().nullable(),
  dimension: z.number().int().nullable(),
  metric: z.enum(metrics),
  language: z.string().nullable(),
  fields: z.record(z.string(), z.enum(fieldTypes)),
});

export const descriptionSchema = z.object({
  space_id: z.string(),
  scope: scopeSchema,
  documents: z.number().int(),
  chunks: z.number().int(),
  bytes: z.number().int(),
  ...settingsSchema.shape,
  version: z.number().int().nullable(),
  indexes: z.array(z.object({ column: z.string(), kind: z.string(), rows: z.number().int(), unindexed_rows: z.number().int() })),
  created_at: z.string().nullable(),
  updated_at: z.string().nullable(),
});
export type SpaceDescription = z.infer<typeof descriptionSchema>;

export const spacesQuerySchema = z.strictObject({ scope: scopeSchema.optional(), ...pageQuery });

export const spacesResponseSchema = z.object({
  spaces: z.array(z.object({ space_id: z.string(), scope: scopeSchema, created_at: z.string() })),
  next_cursor: z.string().nullable(),
});
