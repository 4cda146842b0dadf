import { fromBase64Url, toBase64Url } from '../../shared/bytes.ts';
import type { CursorPayload } from '../../shared/cursor.ts';

/** What a walk carries because later pages cannot make it again for free: the embedded query. */
export const stateOf = (embedded: Float32Array | undefined): Pick<CursorPayload, 'state'> =>
  embedded === undefined ? {} : { state: { vector: toBase64Url(new Uint8Array(embedded.buffer, embedded.byteOffset, embedded.byteLength)) } };

export const keptVector = (cursor: CursorPayload | undefined): Float32Array | undefined => {
  const text = cursor?.state?.vector;
  const bytes = typeof text === 'string' ? fromBase64Url(text) : undefined;
  return bytes === undefined ? undefined : new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
};
