/** What blobs need of an object store: the few calls in which the vendors' clients differ. Keys are whole object names. */
export interface ObjectClient {
  /** The whole object; undefined where there is none. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** @param range first and last byte, inclusive. The stream may fail on the way: the caller goes on where it ended */
  stream(key: string, range: { start: number; end: number }): Promise<AsyncIterable<Uint8Array>>;
  head(key: string): Promise<ObjectHead | undefined>;
  /**
   * @param absent only where there is none, marked with who writes
   * @returns false when `absent` was asked for and there is one
   */
  put(key: string, bytes: Uint8Array, absent?: { writer: string }): Promise<boolean>;
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
  /** One page of what lies directly under a prefix that is empty or ends with `/`, in the store's order. */
  list(prefix: string, page: { token?: string | undefined; after?: string | undefined; size?: number | undefined }): Promise<ObjectPage>;
}

export interface ObjectHead {
  bytes: number;
  modifiedMs: number;
  writer: string | undefined;
}

/** Whole keys; folders end with `/`. */
export interface ObjectPage {
  keys: string[];
  folders: string[];
  next: string | undefined;
}

/** How long one request may take before it is given up and tried again, but for large bodies. Milliseconds. */
export const requestTimeoutMs = 30_000;
