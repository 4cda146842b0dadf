import { z } from 'zod';
import { utf8 } from '../bytes.ts';
import { limits } from '../limits.ts';
import { spaceIdSchema } from '../space-key.ts';

/** A file's name: any text that cannot be read as a way through folders, once and after decoding. */
export const blobNameSchema = z
  .string()
  .min(1)
  .refine((name) => utf8(name).length <= limits.blobNameBytes, `must be at most ${limits.blobNameBytes} bytes`)
  .refine((name) => name.isWellFormed() && !/[\u0000-\u001f\u007f\\]/.test(name), 'must not contain control characters or backslashes')
  .refine(
    (name) => name.split('/').every((part) => part !== '' && part !== '.' && part !== '..'),
    'must not begin or end with /, nor contain empty, . or .. parts',
  );

export const blobParamsSchema = z.object({ space_id: spaceIdSchema, name: blobNameSchema });

export const blobResponseSchema = z.object({ name: z.string(), ref: z.string(), bytes: z.number().int(), sha256: z.string() });
