import { hex } from '../shared/bytes.ts';
import type { RequestContext } from '../shared/context.ts';
import { NexusError } from '../shared/errors.ts';
import { sealGrant } from '../shared/grant.ts';
import type { Endpoint } from '../shared/http/endpoints.ts';
import { limits } from '../shared/limits.ts';
import { isPrivateWire } from '../shared/private-wire.ts';
import type { EdgeDeps } from './edge-deps.ts';
import type { Destination } from './find-destination.ts';
import { judgeAnswer } from './judge-answer.ts';
import type { Observed } from './log-requests.ts';
import { headersToRunner } from './passed-headers.ts';
import type { Body } from './read-body.ts';
import { createRunnerHealth } from './runner-health.ts';
import { createRunnerIdentity } from './runner-identity.ts';
import { outgoingBody } from './send-body.ts';

/** One request that has passed every check. */
export interface Call {
  endpoint: Endpoint;
  request: Request;
  /** Of the request, as it was received. */
  url: URL;
  requestId: string;
  context: RequestContext;
  body: Body;
  destination: Destination;
  /** Is told who answered, and what. */
  observed: Observed;
}

const timedOut = (): NexusError => new NexusError('nexus.timeout', 'The runner took too long to answer. Try again, or ask for less at once.');
const callerLeft = (): NexusError => new NexusError('nexus.upstream_unavailable', 'The request was broken off before the answer.');
const unreachable = (cause: unknown): NexusError => new NexusError('nexus.upstream_unavailable', 'No runner can be reached right now. Try again.', { cause });

/**
 * Reads, replacements, and what carries a key that makes it one acceptance. A stream has been sent. A failure does not
 * tell how far the request has come, so anything else might be accepted twice.
 */
const mayBeRepeated = ({ body, endpoint, request }: Call): boolean =>
  body.kind !== 'stream' && (endpoint.access === 'read' || request.method === 'PUT' || request.headers.has('idempotency-key'));

/** A refusal in other words than ours is not the runner's: it comes from what stands before it, which has no instance to ask. */
const isOfTheWay = ({ status, headers }: Response): boolean =>
  (status === 502 || status === 503 || status === 504) && headers.get('content-type')?.toLowerCase().startsWith('application/json') !== true;

/** @throws Error of the signing */
const grantFor = async ({ request, url, requestId, context, body, destination }: Call, secret: string, nowMs: number): Promise<string> =>
  sealGrant(
    {
      context,
      method: request.method,
      path: url.pathname,
      query: url.search,
      request_id: requestId,
      routes: destination.routeIds,
      ...(body.kind === 'bytes' ? { body_sha256: hex(new Uint8Array(await crypto.subtle.digest('SHA-256', body.bytes))) } : {}),
    },
    secret,
    nowMs,
  );

/**
 * Sends a call to the first runner that can be reached and streams the answer back.
 * The function throws NexusError 502, 503, 504; 413 when a streamed body turns out too long.
 */
export const createForward = ({ bindings, fetch, now, after, log }: Pick<EdgeDeps, 'bindings' | 'fetch' | 'now' | 'after' | 'log'>) => {
  const health = createRunnerHealth(now);
  const account = bindings.NEXUS_RUNNER_SERVICE_ACCOUNT;
  const identify = account === undefined ? undefined : createRunnerIdentity(account, { fetch, now, after, log });

  /** A private runner lets the edge in by its identity; the grant then says who is calling. */
  const headersFor = async (runner: string, headers: Headers): Promise<Headers> => {
    if (identify === undefined || !isPrivateWire(runner)) return headers;
    const own = new Headers(headers);
    own.set('x-serverless-authorization', `Bearer ${await identify(new URL(runner).origin)}`);
    return own;
  };

  /** Why an exchange was given up is the reason of its abort, whatever words the runtime finds for it. */
  const ask = async (call: Call, runner: string, headers: Headers, exchange: AbortController): Promise<Response> => {
    const { signal } = exchange;
    const identified = await headersFor(runner, headers);
    const body = outgoingBody(call.body, (reason) => exchange.abort(reason));
    try {
      return await fetch(new URL(runner).origin + call.url.pathname + call.url.search, {
        method: call.request.method,
        headers: identified,
        redirect: 'manual',
        // Cloudflare keeps what it fetches by its URL alone, `.pdf` and the like unasked, and a URL does not say whose it is.
        cache: 'no-store',
        signal,
        ...body,
      });
    } catch (cause) {
      if (signal.aborted) throw signal.reason instanceof NexusError ? signal.reason : callerLeft();
      log({ level: 'warn', event: 'runner_unreachable', request_id: call.requestId, runner, cause: String(cause) });
      throw unreachable(cause);
    }
  };

  /** The runners in order. The next is asked when one fails, as long as what was sent may be sent again. */
  const askInOrder = async (call: Call, headers: Headers, exchange: AbortController): Promise<Response> => {
    const inOrder = health.order(call.destination.runners);
    const runners = mayBeRepeated(call) ? inOrder : inOrder.slice(0, 1);
    let last = unreachable(undefined);
    for (const [index, runner] of runners.entries()) {
      call.observed.runner = new URL(runner).origin;
      try {
        const answer = await ask(call, runner, headers, exchange);
        if (!isOfTheWay(answer)) return answer;
        health.failed(runner);
        if (index === runners.length - 1) return answer;
        log({ level: 'warn', event: 'runner_failed', request_id: call.requestId, runner, status: answer.status });
        await answer.body?.cancel().catch(() => undefined);
      } catch (error) {
        // One that does not answer at all may hang: the next request asks another first.
        if (exchange.signal.aborted && exchange.signal.reason?.code === 'nexus.timeout') health.failed(runner);
        if (exchange.signal.aborted || !(error instanceof NexusError)) throw error;
        health.failed(runner);
        last = error;
      }
    }
    throw last;
  };

  return async (call: Call): Promise<Response> => {
    const grant = await grantFor(call, bindings.NEXUS_GRANT_SECRET, now());
    const timeoutMs = call.body.kind === 'stream' ? limits.uploadTimeoutMs : limits.forwardTimeoutMs;
    const headers = headersToRunner(call.request.headers, call.observed.trace, call.requestId, grant, timeoutMs - limits.forwardMarginMs);
    const exchange = new AbortController();
    const stopClock = after(timeoutMs, () => exchange.abort(timedOut()));
    if (call.request.signal.aborted) throw callerLeft();
    call.request.signal.addEventListener('abort', () => exchange.abort(callerLeft()));
    try {
      const sentMs = now();
      const answer = await askInOrder(call, headers, exchange);
      call.observed.runnerMs = now() - sentMs;
      return await judgeAnswer(call.endpoint, answer, call.observed);
    } finally {
      stopClock();
    }
  };
};
