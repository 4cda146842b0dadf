import type { IncomingHttpHeaders } from 'node:http';
import type { Bucket } from './objects.ts';

export interface Exchange {
  method: string;
  /** Path without its encoding, and query. */
  url: URL;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Undefined: there is no such bucket. */
  bucketOf(name: string): Bucket | undefined;
}

export interface Reply {
  operation: string;
  name: string;
  status: number;
  headers?: Record<string, string>;
  body?: Buffer | string;
}

export const header = ({ headers }: Exchange, name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** One range as RFC 9110 has it. @returns undefined without one; `unmet` where the object has nothing there */
export const rangeOf = (text: string | undefined, bytes: number): { start: number; end: number } | 'unmet' | undefined => {
  const match = /^bytes=(\d*)-(\d*)$/.exec(text ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const [, from = '', to = ''] = match;
  const start = from === '' ? Math.max(0, bytes - Number(to)) : Number(from);
  const end = from === '' || to === '' ? bytes - 1 : Math.min(Number(to), bytes - 1);
  return start > end ? 'unmet' : { start, end };
};
