import { z } from 'zod';
import { fromBase64Url, toBase64Url } from '../../shared/bytes.ts';
import type { CursorPayload } from '../../shared/cursor.ts';
import type { Reranking } from './reranking.ts';

/**
 * Bytes of embedded queries that fit a cursor of 16 KiB beside all else it carries: they are encoded twice, as text in
 * the payload and with the payload.
 */
const vectorBytesMax = 8000;

const carriedSchema = z.array(
  z.object({ model: z.string(), bits: z.union([z.literal(8), z.literal(16), z.literal(32)]), scale: z.number(), numbers: z.string() }),
);
/** Embedded queries as a cursor carries them, one for each model. */
export type CarriedVectors = z.infer<typeof carriedSchema>;

const base64Of = ({ buffer, byteOffset, byteLength }: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }): string =>
  toBase64Url(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));

/**
 * Packs embedded queries for a walk: exactly where there is room, as in nearly all models; else as integers of 16 bits,
 * or of 8, of the largest number's size.
 */
export const carryVectors = (vectors: ReadonlyMap<string, Float32Array>): CarriedVectors => {
  const numbers = [...vectors.values()].reduce((sum, { length }) => sum + length, 0);
  const bits = numbers * 4 <= vectorBytesMax ? 32 : numbers * 2 <= vectorBytesMax ? 16 : 8;
  return [...vectors].map(([model, vector]) => {
    if (bits === 32) return { model, bits, scale: 1, numbers: base64Of(vector) };
    const scale = vector.reduce((max, x) => Math.max(max, Math.abs(x)), 0) / (2 ** (bits - 1) - 1);
    const rounded = Array.from(vector, (x) => (scale === 0 ? 0 : Math.round(x / scale)));
    return { model, bits, scale, numbers: base64Of(bits === 16 ? Int16Array.from(rounded) : Int8Array.from(rounded)) };
  });
};

/** What every page of a walk searches with, the first one too: so they all rank alike. */
export const vectorsOf = (carried: CarriedVectors): Map<string, Float32Array> =>
  new Map(
    carried.map(({ model, bits, scale, numbers }) => {
      const { buffer } = fromBase64Url(numbers) ?? new Uint8Array();
      const whole = bits === 32 ? new Float32Array(buffer) : bits === 16 ? new Int16Array(buffer) : new Int8Array(buffer);
      return [model, Float32Array.from(whole, (x) => x * scale)];
    }),
  );

/** What a walk carries because later pages cannot make it again: undefined on a first page. */
export const carriedBy = (cursor: CursorPayload | undefined): CarriedVectors | undefined => {
  if (cursor === undefined) return undefined;
  return carriedSchema.catch([]).parse(cursor.state?.vectors);
};

export const stateOf = (vectors: CarriedVectors, reranking?: Reranking): Pick<CursorPayload, 'state'> => {
  const state = { ...(vectors.length === 0 ? {} : { vectors }), ...(reranking === undefined ? {} : { rerank: reranking }) };
  return Object.keys(state).length === 0 ? {} : { state };
};
