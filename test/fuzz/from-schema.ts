import fc from 'fast-check';
import { z } from 'zod';

/** As much of JSON Schema as Zod writes. */
interface JsonSchema {
  type?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  pattern?: string;
  contentEncoding?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
}

/** Long enough to be odd, short enough that thousands of them are quick. */
const ordinaryLength = 40;
const ordinaryItems = 5;

const strings = ({ pattern, contentEncoding, minLength = 0, maxLength = Number.POSITIVE_INFINITY }: JsonSchema): fc.Arbitrary<string> => {
  if (contentEncoding === 'base64') return fc.base64String({ maxLength: ordinaryLength });
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  const most = Math.min(maxLength, Math.max(minLength, ordinaryLength));
  return fc.oneof(
    fc.string({ minLength, maxLength: most }),
    fc.string({ unit: 'grapheme', minLength, maxLength: most }),
    fc.string({ unit: 'binary', minLength, maxLength: most }),
  );
};

const numbers = (minimum: number | undefined, maximum: number | undefined): fc.Arbitrary<number> =>
  fc.double({ noNaN: true, noDefaultInfinity: true, ...(minimum === undefined ? {} : { min: minimum }), ...(maximum === undefined ? {} : { max: maximum }) });

const objects = ({ properties = {}, required = [], additionalProperties }: JsonSchema): fc.Arbitrary<unknown> => {
  const known = fc.record(Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, valueBy(schema)])), { requiredKeys: required });
  if (additionalProperties === undefined || additionalProperties === false) return known;
  const value = additionalProperties === true ? fc.jsonValue({ maxDepth: 2 }) : valueBy(additionalProperties);
  const names = fc.oneof(
    fc.constantFrom('a', 'year', 'tags', 'and', 'or', 'not', 'doc_id', 'type', 'updated_at', 'eq', 'in', 'exists'),
    fc.string({ maxLength: 12 }),
  );
  const more = fc.dictionary(names, value, { maxKeys: 4, noNullPrototype: true });
  return fc.tuple(known, more).map(([own, others]) => ({ ...others, ...own }));
};

const valueBy = (schema: JsonSchema): fc.Arbitrary<unknown> => {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(valueBy));
  switch (schema.type) {
    case 'string':
      return strings(schema);
    case 'number':
      return numbers(schema.minimum, schema.maximum);
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -1000, max: Math.min(schema.maximum ?? 1000, 1000) });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(valueBy(schema.items ?? {}), { minLength: schema.minItems ?? 0, maxLength: Math.max(schema.minItems ?? 0, ordinaryItems) });
    case 'object':
      return objects(schema);
    default:
      return fc.jsonValue({ maxDepth: 3 });
  }
};

/** What a schema takes, as far as JSON Schema can say it: refinements may still refuse some. */
export const fromSchema = (schema: z.ZodType): fc.Arbitrary<unknown> => valueBy(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema);
