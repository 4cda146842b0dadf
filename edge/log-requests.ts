import type { MiddlewareHandler } from 'hono';
import { areaOf, type RequestContext } from '../shared/context.ts';
import { nextTrace, parseTraceparent, type Trace } from '../shared/trace.ts';
import type { EdgeEnv } from './answers.ts';
import type { EdgeDeps } from './edge-deps.ts';

/** What is known of a request that is told afterwards: who, what, how long; never what it said. */
export interface Observed {
  /** The edge is no step of its own: it hands a trace on as it came, or begins one. */
  trace: Trace;
  /** Id of the endpoint; undefined: a page, a file or a probe, which nobody asks about. */
  endpoint?: string;
  context?: RequestContext;
  spaceId?: string | undefined;
  /** Code of the error that was answered, the runner's or our own. */
  code?: string;
  /** Origin of the runner that answered. */
  runner?: string;
  /** Milliseconds from the sending to the beginning of the runner's answer. */
  runnerMs?: number;
}

/** One line for each request to an endpoint, whatever was answered. Times of Workers move with I/O alone. */
export const logRequests = ({ now, log }: Pick<EdgeDeps, 'now' | 'log'>): MiddlewareHandler<EdgeEnv> =>
  async function logRequests(c, next) {
    const startedMs = now();
    const observed: Observed = { trace: parseTraceparent(c.req.header('traceparent')) ?? nextTrace(undefined) };
    c.set('observed', observed);
    await next();
    const { trace, endpoint, context, spaceId, code, runner, runnerMs } = observed;
    if (endpoint === undefined) return;
    log({
      ...{ level: 'info', event: 'request', request_id: c.var.requestId, trace_id: trace.traceId, endpoint, method: c.req.method, status: c.res.status },
      ...(code === undefined ? {} : { code }),
      ...(context === undefined ? {} : areaOf(context)),
      ...(spaceId === undefined ? {} : { space_id: spaceId }),
      ...(runner === undefined ? {} : { runner }),
      ...(runnerMs === undefined ? {} : { runner_ms: runnerMs }),
      duration_ms: now() - startedMs,
    });
  };
