import type { z } from 'zod';
import { type Issue, NexusError, validationFailed } from '../errors.ts';
import { limits } from '../limits.ts';

const issuesOf = (error: z.ZodError, prefix: string): Issue[] =>
  error.issues.slice(0, limits.issues).map((issue) => ({
    path: [prefix, ...issue.path.map(String)].filter((part) => part !== '').join('.'),
    message: issue.code === 'unrecognized_keys' ? `unknown field ${issue.keys.join(', ')}` : issue.message,
  }));

/** @throws NexusError 422 with every problem and where it is */
export const parseWith = <T>(schema: z.ZodType<T>, value: unknown, prefix = ''): T => {
  const result = schema.safeParse(value);
  if (!result.success) throw validationFailed(issuesOf(result.error, prefix));
  return result.data;
};

/** Walks with a list of its own: a body may be nested deeper than the stack is. */
const hasProtoKey = (root: unknown): boolean => {
  const left = [root];
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    if (value === null || typeof value !== 'object') continue;
    if (!Array.isArray(value) && Object.hasOwn(value, '__proto__')) return true;
    for (const member of Object.values(value)) left.push(member);
  }
  return false;
};

/**
 * Bytes of a JSON body → value. `__proto__` as a key is refused: no honest field has that name, and it means trouble
 * in any code that copies objects.
 * @throws NexusError 400 `nexus.malformed_json`, 422
 */
export const parseJson = (bytes: Uint8Array): unknown => {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw new NexusError('nexus.malformed_json', 'The body is not JSON in UTF-8.', { cause });
  }
  // The key can only be there as itself or behind an escape: most bodies need no walk.
  if ((text.includes('__proto__') || text.includes('\\u')) && hasProtoKey(value))
    throw validationFailed([{ path: '__proto__', message: 'is not allowed as a key' }]);
  return value;
};

/** @throws NexusError 415 */
export const requireJsonType = (contentType: string | null | undefined): void => {
  if (contentType?.split(';')[0]?.trim().toLowerCase() !== 'application/json') {
    throw new NexusError('nexus.unsupported_media_type', 'Send the body as application/json.');
  }
};

export const tooLarge = (maxBytes: number): NexusError =>
  new NexusError('nexus.payload_too_large', `The body is over ${maxBytes} bytes. Send less at once, or upload files as blobs.`, {
    details: { max_bytes: maxBytes },
  });

/** `content-length` as a number; undefined when it is absent or nonsense. */
export const declaredLength = (header: string | null | undefined): number | undefined =>
  header !== null && header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : undefined;

/** Query parameters; a parameter given twice is a list, which no schema takes. */
export const queryFields = (search: Iterable<[string, string]>): Record<string, unknown> => {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of search)
    Object.defineProperty(fields, name, {
      value: Object.hasOwn(fields, name) ? [fields[name], value] : value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  return fields;
};
