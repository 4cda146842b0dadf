import type { MiddlewareHandler } from 'hono';
import { areaOf, type RequestContext } from '../../shared/context.ts';
import { newId, requestIdPattern } from '../../shared/ids.ts';
import { nextTrace, parseTraceparent, type Trace } from '../../shared/trace.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import { type EndedSpan, named, type Spans } from '../ports/spans.ts';

/** What is known of a request that is told afterwards: who, what, how long; never what it said. */
export interface Observed {
  trace: Trace;
  /** The step that asked. */
  parent: Trace | undefined;
  startedMs: number;
  /** Pattern of the path; the path itself may hold what a caller named. */
  path?: string;
  /** Id of the endpoint. */
  endpoint?: string;
  context?: RequestContext;
  spaceId?: string | undefined;
  /** Code of the error that was answered. */
  code?: string;
  /** Milliseconds by stage. */
  stages: Record<string, number>;
}

export interface RunnerEnv {
  Variables: { requestId: string; observed: Observed };
}

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;

/** RFC draft of the W3C (Server Timing): names and milliseconds. */
const serverTiming = (stages: Record<string, number>, totalMs: number): string =>
  [...Object.entries(stages), ['total', totalMs] as const].map(([name, ms]) => `${name};dur=${rounded(ms)}`).join(', ');

/** By the names of OpenTelemetry's semantic conventions, and our own. */
const spanOf = (
  { trace, parent, path, endpoint, context, spaceId, code, stages }: Observed,
  method: string,
  status: number,
  requestId: string,
  durationMs: number,
): EndedSpan => ({
  trace,
  parent,
  name: path === undefined ? method : `${method} ${path}`,
  kind: 'server',
  durationMs,
  failed: status >= 500,
  attributes: {
    'http.request.method': method,
    'http.response.status_code': status,
    ...(path === undefined ? {} : { 'http.route': path }),
    ...(code === undefined ? {} : { 'error.type': code }),
    ...named('nexus', { request_id: requestId, endpoint, ...(context === undefined ? {} : areaOf(context)), space_id: spaceId }),
    ...named('nexus.stage_ms', stages),
  },
});

interface Deps {
  log: Log;
  metrics: Metrics;
  spans?: Spans | undefined;
  nowMs: () => number;
}

/** The request's id and trace on the way in; on the way out its `Server-Timing`, one line in the log, its metrics, and its span. */
export const observeRequests = ({ log, metrics, spans, nowMs }: Deps): MiddlewareHandler<RunnerEnv> => {
  const count = metrics.counter('nexus_requests_total', 'Requests answered, by endpoint, status and code of the error.');
  const duration = metrics.histogram('nexus_request_duration_seconds', 'From the request to the beginning of its answer, by endpoint.');
  const stageDuration = metrics.histogram('nexus_stage_duration_seconds', 'Stages of a request, by endpoint and stage.');

  return async function observeRequests(c, next) {
    const given = c.req.header('x-request-id');
    const requestId = given !== undefined && requestIdPattern.test(given) ? given : newId('request', nowMs());
    const parent = parseTraceparent(c.req.header('traceparent'));
    const observed: Observed = { trace: nextTrace(parent), parent, startedMs: performance.now(), stages: {} };
    c.set('requestId', requestId);
    c.set('observed', observed);
    await next();
    const { headers } = c.res;
    headers.set('x-request-id', requestId);
    // One URL shows each tenant its own, and refusals too are somebody's: nothing on the way may keep an answer that does not say so.
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
    const { endpoint, stages, trace, context, spaceId, code } = observed;
    // Probes and scrapes come every few seconds and say nothing.
    if (endpoint === undefined) return;
    const totalMs = performance.now() - observed.startedMs;
    headers.set('server-timing', serverTiming(stages, totalMs));

    const { status } = c.res;
    count(1, { endpoint, status, code: code ?? '' });
    duration(totalMs / 1000, { endpoint });
    for (const [stage, ms] of Object.entries(stages)) stageDuration(ms / 1000, { endpoint, stage });
    log.info('request', {
      request_id: requestId,
      trace_id: trace.traceId,
      endpoint,
      status,
      ...(code === undefined ? {} : { code }),
      ...(context === undefined ? {} : areaOf(context)),
      ...(spaceId === undefined ? {} : { space_id: spaceId }),
      duration_ms: rounded(totalMs),
      stages_ms: Object.fromEntries(Object.entries(stages).map(([stage, ms]) => [stage, rounded(ms)])),
    });
    spans?.ended(spanOf(observed, c.req.method, status, requestId, totalMs));
  };
};
