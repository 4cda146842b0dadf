import type { Hono } from 'hono';
import { expect } from 'vitest';
import { type Bindings, bindingsSchema } from '../../edge/bindings.ts';
import { createEdge } from '../../edge/create-edge.ts';
import type { LogEntry, Outgoing } from '../../edge/edge-deps.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { statusOf } from '../../shared/errors.ts';

/** The real edge with literal dependencies: a clock that stands, a runner that is a function, and notes of what happened. */

export const nowMs = Date.parse('2026-11-20T12:00:00Z');
export const jwtSecret = 'a secret of callers, long enough for HS256';
export const grantSecret = 'a secret of the tiers, long enough for HS256';
export const runnerUrl = 'http://runner-1.test';

export const routesDocument = {
  routes: [
    { id: 'store', kind: 'nexus_store', match: {}, backend: 'lancedb', root: '/data/store' },
    { id: 'blobs', kind: 'nexus_blob_store', match: {}, backend: 'blob', root: '/data/blobs' },
  ],
};

export const environment = {
  NEXUS_JWT_SECRET: jwtSecret,
  NEXUS_GRANT_SECRET: grantSecret,
  NEXUS_CURSOR_KEYS: 'k2:a newer secret that signs the cursors,k1:an older secret that opens cursors',
  NEXUS_ROUTES: JSON.stringify(routesDocument),
  NEXUS_RUNNERS: runnerUrl,
};

/** One request as the runner got it. */
export interface Asked {
  url: string;
  method: string;
  headers: Headers;
  /** Undefined: no body, or one that broke off. */
  body: Uint8Array | undefined;
  outgoing: Outgoing;
}
export type Runner = (asked: Asked) => Response | Promise<Response>;

export interface Timer {
  delayMs: number;
  fire: () => void;
  stopped: boolean;
}

export const jsonRunner: Runner = () => Response.json({ ok: true });

const bytesOf = async (body: Outgoing['body']): Promise<Uint8Array | undefined> =>
  body === undefined ? undefined : new Uint8Array(await new Response(body).arrayBuffer());

export interface EdgeOptions {
  env?: Record<string, unknown>;
  runner?: Runner;
  now?: () => number;
  /** Answers of anything that is no runner: an issuer's key set. */
  others?: (url: string, outgoing: Outgoing) => Response | Promise<Response>;
}

export const startEdge = ({ env = {}, runner = jsonRunner, now = () => nowMs, others }: EdgeOptions = {}) => {
  const asked: Asked[] = [];
  /** Of what went wrong; of each request. */
  const logged: LogEntry[] = [];
  const told: LogEntry[] = [];
  const timers: Timer[] = [];
  const bindings: Bindings = bindingsSchema.parse({ ...environment, ...env });
  let ids = 0;
  const app: Hono<never> = createEdge({
    bindings,
    version: '1.2.3',
    async fetch(url, outgoing) {
      if (others !== undefined && !new URL(url).pathname.startsWith('/nexus/')) return others(url, outgoing);
      const request: Asked = { url, method: outgoing.method, headers: outgoing.headers, body: undefined, outgoing };
      asked.push(request);
      request.body = await bytesOf(outgoing.body);
      return runner(request);
    },
    now,
    newRequestId: () => `req_${++ids}`,
    after(delayMs, fire) {
      const timer: Timer = { delayMs, fire, stopped: false };
      timers.push(timer);
      return () => {
        timer.stopped = true;
      };
    },
    log: (entry) => (entry.event === 'request' ? told : logged).push(entry),
  }) as unknown as Hono<never>;
  return { app, asked, logged, told, timers, bindings, request: (path: string, init?: RequestInit) => Promise.resolve(app.request(path, init)) };
};
export type EdgeUnderTest = ReturnType<typeof startEdge>;

/** Status, code, and exactly the one envelope; the id in it is the one in the header. @returns the error */
export const expectRefusal = async (answer: Response, code: ErrorCode): Promise<Record<string, unknown> & { message: string }> => {
  const text = await answer.text();
  expect(text, `a body with ${answer.status}`).not.toBe('');
  const body = JSON.parse(text) as { error: Record<string, unknown> & { message: string } };
  expect({ status: answer.status, code: body.error.code }, text).toEqual({ status: statusOf(code), code });
  expect(Object.keys(body)).toEqual(['error']);
  const optional = ['resource_kind', 'details'].filter((key) => key in body.error);
  expect(Object.keys(body.error).sort()).toEqual(['code', 'http_status', 'message', 'request_id', 'retryable', ...optional].sort());
  expect(body.error.http_status).toBe(answer.status);
  expect(body.error.message.length).toBeGreaterThan(10);
  expect(body.error.request_id).toBe(answer.headers.get('x-request-id'));
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  return body.error;
};

/** As `expectRefusal`, and the runner has not heard of it. */
export const expectRefusedAtTheEdge = async (edge: EdgeUnderTest, answer: Response, code: ErrorCode) => {
  const error = await expectRefusal(answer, code);
  expect(edge.asked, 'requests to the runner').toEqual([]);
  return error;
};
