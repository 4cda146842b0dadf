import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import type { EdgeEnv } from './answers.ts';

const fromCaller = [
  'authorization',
  'content-type',
  'idempotency-key',
  'if-none-match',
  'mcp-protocol-version',
  'range',
  'traceparent',
  'tracestate',
  'x-env',
  'x-project-id',
  'x-request-id',
  'x-surface-id',
  'x-tenant-id',
];
const toCaller = [
  'accept-ranges',
  'content-disposition',
  'content-length',
  'content-range',
  'etag',
  'location',
  'retry-after',
  'server-timing',
  'x-request-id',
];
/** How long a browser may remember that it may ask. */
const maxAgeSeconds = 600;

/** Pages of these origins may call the API with a token that they hold. Cookies never count, so none are allowed. */
export const allowOrigins = (origins: readonly string[]): MiddlewareHandler<EdgeEnv> =>
  cors({
    origin: origins.includes('*') ? '*' : [...origins],
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
    allowHeaders: fromCaller,
    exposeHeaders: toCaller,
    maxAge: maxAgeSeconds,
  });
