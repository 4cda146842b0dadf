import { z } from 'zod';
import { utf8 } from '../bytes.ts';
import { toNexusError } from '../errors.ts';
import { metadataValueSchema } from '../events.ts';
import { filterOps } from '../filter.ts';
import { limits } from '../limits.ts';
import { scopeSchema, spaceIdSchema } from '../space-key.ts';
import { parseJson } from './parse.ts';

/** Shapes that several endpoints share. */

export const metadataSchema = z.record(z.string(), metadataValueSchema);

export const filterSchema = z.record(z.string(), z.unknown()).meta({
  description: `{field: value}, {field: {op: value}}, {and: […]}, {or: […]}, {not: {…}}; operators: ${filterOps.join(', ')}. Fields: metadata keys, doc_id, type, updated_at.`,
});

/** A filter in a query string: JSON, judged as a body is. */
export const filterParameterSchema = z
  .string()
  .transform((text, ctx): unknown => {
    try {
      return parseJson(utf8(text));
    } catch (error) {
      ctx.addIssue({ code: 'custom', message: toNexusError(error).status === 422 ? '__proto__ is not allowed as a key' : 'must be JSON' });
      return z.NEVER;
    }
  })
  .pipe(filterSchema);

const isComponent = (value: unknown): boolean => typeof value === 'number' && Math.abs(value) <= limits.vectorComponentMax;

/** Checked by one loop of our own: a body may hold a million numbers, and a schema for each of them is most of a request's time. */
export const vectorSchema = z
  .custom<number[]>((value) => Array.isArray(value), 'must be a list of numbers')
  .superRefine((vector, ctx) => {
    if (!Array.isArray(vector)) return;
    if (vector.length < 1 || vector.length > limits.maxDimension) ctx.addIssue({ code: 'custom', message: `must have 1 to ${limits.maxDimension} numbers` });
    const wrong = vector.findIndex((value) => !isComponent(value));
    if (wrong !== -1) ctx.addIssue({ code: 'custom', path: [wrong], message: `must be a finite number of at most ${limits.vectorComponentMax}` });
  })
  .meta({
    type: 'array',
    items: { type: 'number', minimum: -limits.vectorComponentMax, maximum: limits.vectorComponentMax },
    minItems: 1,
    maxItems: limits.maxDimension,
  });

export const spaceParamsSchema = z.object({ space_id: spaceIdSchema });

export const scopeQuerySchema = z.strictObject({ scope: scopeSchema.optional() });

const listLimit = z.coerce.number<string>().int().min(1).max(limits.maxLimit).optional();
export const pageQuery = { limit: listLimit, cursor: z.string().optional() };
