/** A vector as events and payloads carry it: float32, little-endian, in base64. */
export const packVector = (vector: ArrayLike<number>): string => Buffer.from(new Float32Array(vector).buffer).toString('base64');

export const unpackVector = (packed: string): Float32Array => {
  // Copied out of Node's pool, in which bytes need not begin where a float32 may.
  const bytes = new Uint8Array(Buffer.from(packed, 'base64'));
  return new Float32Array(bytes.buffer);
};

/** How many numbers a packed vector has. */
export const packedDimension = (packed: string): number => Buffer.byteLength(packed, 'base64') / Float32Array.BYTES_PER_ELEMENT;
