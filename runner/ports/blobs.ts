/** Named bytes under one root, and the one primitive that all agreement rests on: put-if-absent. */
export interface Blobs {
  /** Writes or replaces, atomically and durably. */
  putBytes(name: string, bytes: Uint8Array): Promise<void>;
  /** @returns false, having written nothing, when the name exists. @throws ConditionsIgnoredError */
  putIfAbsent(name: string, bytes: Uint8Array): Promise<boolean>;
  /**
   * Stores a stream under `{folder}/{sha256 of its bytes}`; nothing is left behind when the stream fails.
   * @throws whatever the stream throws
   */
  putByHash(folder: string, stream: AsyncIterable<Uint8Array>): Promise<{ name: string; sha256: string; bytes: number }>;
  getBytes(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** @param range first and last byte, inclusive */
  getStream(name: string, range?: { start: number; end: number }): Promise<ReadableStream<Uint8Array> | undefined>;
  /** `modifiedMs`: Unix milliseconds of the last writing. */
  head(name: string): Promise<{ bytes: number; modifiedMs: number } | undefined>;
  exists(name: string): Promise<boolean>;
  /** Deleting what is not there is no error. */
  delete(name: string): Promise<void>;
  /**
   * Names directly in a folder, ascending. With `folders`, the names of the folders in it instead; with a limit too, no
   * folder's name may begin with another's.
   * @param folder empty: the root
   * @param after only names greater than this
   */
  list(folder: string, options?: { after?: string; limit?: number; folders?: boolean }): Promise<string[]>;
  /** Where a name lies, for engines that open it themselves. */
  resolveUri(name: string): string;
}

/** Thrown by every adapter for a name that is not a plain relative path. */
export class BlobNameError extends Error {
  override readonly name = 'BlobNameError';
}

/** The store behind the blobs or the tables does not answer, also after some tries: it may later. */
export class StorageUnavailableError extends Error {
  override readonly name = 'StorageUnavailableError';
}

/** The store writes over what is there although it was told not to: agreement is not possible on it, and two writers would both win. */
export class ConditionsIgnoredError extends Error {
  override readonly name = 'ConditionsIgnoredError';
}

const nameBytesMax = 1024;

/** @throws BlobNameError for empty, absolute, climbing, control-character or over-long names */
export const checkBlobName = (name: string): void => {
  const bad =
    name === '' ||
    new TextEncoder().encode(name).length > nameBytesMax ||
    /[\u0000-\u001f\u007f\\]/.test(name) ||
    name.split('/').some((part) => part === '' || part === '.' || part === '..');
  if (bad) throw new BlobNameError('not a valid blob name');
};
