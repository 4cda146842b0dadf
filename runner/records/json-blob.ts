import type { z } from 'zod';
import type { Blobs } from '../ports/blobs.ts';

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

export const putJson = (blobs: Blobs, name: string, value: unknown): Promise<void> => blobs.putBytes(name, encode(value));

export const putJsonIfAbsent = (blobs: Blobs, name: string, value: unknown): Promise<boolean> => blobs.putIfAbsent(name, encode(value));

/** @throws when the bytes are not what they should be: a damaged record is not an absent one */
export const getJson = async <T>(blobs: Blobs, name: string, schema: z.ZodType<T>): Promise<T | undefined> => {
  const bytes = await blobs.getBytes(name);
  if (bytes === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (cause) {
    throw new Error(`record ${name} cannot be read`, { cause });
  }
};
