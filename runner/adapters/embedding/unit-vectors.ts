import { RefusedTextError } from '../../ports/embedder.ts';

/** A vector as a service gives it: numbers, or little-endian float32 in base64. */
export type RawVector = string | ArrayLike<unknown>;

/** Anything that is no number becomes NaN, and is judged as such. */
const numbersOf = (raw: RawVector): Float32Array => {
  if (typeof raw !== 'string') return Float32Array.from(raw, (x) => (typeof x === 'number' ? x : Number.NaN));
  const bytes = Buffer.from(raw, 'base64');
  const end = bytes.byteOffset + bytes.length - (bytes.length % 4);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, end) as ArrayBuffer);
};

/** Shorter than this, a vector has no direction that float32 could hold. */
const minNorm = 1e-15;

/** A vector of length 1. Undefined: it has another dimension than the model. Refused: the model can make nothing of this text. */
export const unitVector = (raw: RawVector, dimension: number): Float32Array | RefusedTextError | undefined => {
  const vector = numbersOf(raw);
  if (vector.length !== dimension) return undefined;
  let square = 0;
  for (const x of vector) square += x * x;
  const norm = Math.sqrt(square);
  if (!Number.isFinite(norm) || norm < minNorm) return new RefusedTextError('it gives no usable vector for it');
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) / norm;
  return vector;
};
