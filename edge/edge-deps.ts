import type { Bindings } from './bindings.ts';

export interface LogEntry {
  level: 'info' | 'warn' | 'error';
  event: string;
  request_id?: string;
  [field: string]: unknown;
}
export type Log = (entry: LogEntry) => void;

/** The part of `fetch` that the edge uses. Redirects are never followed: where a request goes is the registry's word alone. */
export interface Outgoing {
  method: string;
  headers: Headers;
  redirect: 'manual';
  /** Set on the way to a runner. */
  cache?: 'no-store';
  signal: AbortSignal;
  body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  /** Node wants to be told that a streamed body is sent before the answer is read; Workers ignore it. */
  duplex?: 'half';
}
export type Fetch = (url: string, outgoing: Outgoing) => Promise<Response>;

/** Everything that the edge takes from outside; tests pass literals. */
export interface EdgeDeps {
  bindings: Bindings;
  /** This package's version, as `/` and `/openapi.json` tell it. */
  version: string;
  fetch: Fetch;
  /** Unix milliseconds. */
  now: () => number;
  newRequestId: () => string;
  /** Calls `fire` once after `delayMs`, unless the returned function is called before. */
  after: (delayMs: number, fire: () => void) => () => void;
  log: Log;
}
