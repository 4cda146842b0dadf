import type { z } from 'zod';
import type { Blobs } from '../ports/blobs.ts';

/** The bytes of a record are not what was written. Reading again does not help; who may do without it goes on without it. */
export class DamagedRecordError extends Error {
  override readonly name = 'DamagedRecordError';
}

/** What a damaged record would have said is undefined; any other failure stays one. */
export const unlessDamaged = async <T>(reading: Promise<T>, onDamage: (error: DamagedRecordError) => void = () => undefined): Promise<T | undefined> => {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof DamagedRecordError)) throw error;
    onDamage(error);
    return undefined;
  }
};

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

export const putJson = (blobs: Blobs, name: string, value: unknown): Promise<void> => blobs.putBytes(name, encode(value));

export const putJsonIfAbsent = (blobs: Blobs, name: string, value: unknown): Promise<boolean> => blobs.putIfAbsent(name, encode(value));

/** @throws DamagedRecordError: a damaged record is not an absent one */
export const getJson = async <T>(blobs: Blobs, name: string, schema: z.ZodType<T>): Promise<T | undefined> => {
  const bytes = await blobs.getBytes(name);
  if (bytes === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (cause) {
    throw new DamagedRecordError(`record ${name} cannot be read`, { cause });
  }
};
