import { z } from 'zod';
import { metadataValueSchema } from '../events.ts';
import { filterOps } from '../filter.ts';
import { limits } from '../limits.ts';
import { scopeSchema, spaceIdSchema } from '../space-key.ts';

/** Shapes that several endpoints share. */

export const metadataSchema = z.record(z.string(), metadataValueSchema);

export const filterSchema = z.record(z.string(), z.unknown()).meta({
  description: `{field: value}, {field: {op: value}}, {and: […]}, {or: […]}, {not: {…}}; operators: ${filterOps.join(', ')}. Fields: metadata keys, doc_id, type, updated_at.`,
});

export const vectorSchema = z.array(z.number().min(-limits.vectorComponentMax).max(limits.vectorComponentMax)).min(1).max(limits.maxDimension);

export const spaceParamsSchema = z.object({ space_id: spaceIdSchema });

export const scopeQuerySchema = z.strictObject({ scope: scopeSchema.optional() });

const listLimit = z.coerce.number<string>().int().min(1).max(limits.maxLimit).optional();
export const pageQuery = { limit: listLimit, cursor: z.string().optional() };
