/** Numbers as events and payloads carry them: float64, little-endian, in base64. */
export const packNumbers = (numbers: Float64Array): string => Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('base64');

export const unpackNumbers = (packed: string): Float64Array => {
  // Copied out of Node's pool, in which bytes need not begin where a float64 may.
  const bytes = new Uint8Array(Buffer.from(packed, 'base64'));
  return new Float64Array(bytes.buffer);
};
