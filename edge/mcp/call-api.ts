import type { ErrorBody } from '../../shared/errors.ts';
import { parseTraceparent, type Trace, traceparentOf } from '../../shared/trace.ts';

/** What the API answered to a tool: its JSON, or its error. */
export type ApiAnswer<T> = { body: T; error?: undefined } | { error: Pick<ErrorBody, 'code' | 'message' | 'details'> };

export type CallApi = <T>(method: 'GET' | 'POST', path: string, body?: unknown) => Promise<ApiAnswer<T>>;

/** What an agent's request to `/mcp` says of who is calling. Nothing else of it reaches the API. */
const passed = ['authorization', 'x-env', 'x-project-id', 'x-surface-id', 'x-tenant-id'] as const;

/**
 * Tools ask the very edge that serves them, each by a request of its own with the caller's own credential: rights,
 * limits, cursors and routes are judged where they always are, so that a tool can do nothing that its caller cannot.
 * @param ask answers a request as if it had come over the wire
 */
export const callApiAs =
  (from: Request, requestId: string, trace: Trace, ask: (request: Request) => Response | Promise<Response>): CallApi =>
  async (method, path, body) => {
    const headers = new Headers({ 'x-request-id': requestId, traceparent: traceparentOf(trace) });
    // State belongs to the trace that it came with.
    const isTraced = parseTraceparent(from.headers.get('traceparent')) !== undefined;
    for (const name of isTraced ? [...passed, 'tracestate'] : passed) {
      const value = from.headers.get(name);
      if (value !== null) headers.set(name, value);
    }
    if (body !== undefined) headers.set('content-type', 'application/json');
    const answer = await ask(
      new Request(new URL(path, from.url), { method, headers, signal: from.signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }),
    );
    const json = (await answer.json()) as never;
    return answer.ok ? { body: json } : { error: (json as { error: ErrorBody }).error };
  };

/** @param query fields that are undefined are left out */
export const pathOf = (segments: readonly string[], query: Record<string, string | number | undefined> = {}): string => {
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) fields.set(name, String(value));
  const path = `/nexus/${segments.map(encodeURIComponent).join('/')}`;
  return fields.size === 0 ? path : `${path}?${fields}`;
};
