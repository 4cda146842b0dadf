/** A vector as events and payloads carry it: float32, little-endian, in base64. */
export const packVector = (vector: readonly number[]): string => Buffer.from(Float32Array.from(vector).buffer).toString('base64');

export const unpackVector = (packed: string): Float32Array => {
  // A buffer of its own: a pooled one need not begin where a float32 may.
  const bytes = Uint8Array.from(Buffer.from(packed, 'base64'));
  return new Float32Array(bytes.buffer);
};
