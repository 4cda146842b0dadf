import type { Context, ErrorHandler, MiddlewareHandler, NotFoundHandler } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { errorAnswer, NexusError, toNexusError } from '../shared/errors.ts';
import { requestIdPattern } from '../shared/ids.ts';
import type { EdgeDeps } from './edge-deps.ts';
import type { Observed } from './log-requests.ts';

export interface EdgeEnv {
  Variables: { requestId: string; observed: Observed; allowed?: string[] };
}

const always = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'strict-transport-security': 'max-age=31536000',
};
/** Data is no page: nothing in it may run, wherever it is opened. */
const unlessSaid = { 'cache-control': 'no-store', 'content-security-policy': "default-src 'none'; frame-ancestors 'none'" };

/** The request id, and headers that keep a browser from guessing and a cache from keeping, on every answer of whatever status. */
export const stampAnswers = ({ newRequestId }: Pick<EdgeDeps, 'newRequestId'>): MiddlewareHandler<EdgeEnv> =>
  async function stampAnswers(c, next) {
    const given = c.req.header('x-request-id');
    c.set('requestId', given !== undefined && requestIdPattern.test(given) ? given : newRequestId());
    await next();
    c.res.headers.set('x-request-id', c.var.requestId);
    for (const [name, value] of Object.entries(always)) c.res.headers.set(name, value);
    for (const [name, value] of Object.entries(unlessSaid)) if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  };

const answerError = (c: Context<EdgeEnv>, error: NexusError): Response => {
  // A bad configuration refuses before anything is observed.
  if (c.var.observed !== undefined) c.var.observed.code = error.code;
  const { status, headers, body } = errorAnswer(error, c.var.requestId);
  return c.json(body, status as ContentfulStatusCode, headers);
};

const causeOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** Our errors as they are, everything else as `nexus.internal`; the log alone learns the cause. */
export const answerErrors = ({ log }: Pick<EdgeDeps, 'log'>): ErrorHandler<EdgeEnv> =>
  function answerErrors(error, c) {
    const known = toNexusError(error);
    if (known.status >= 500) {
      const cause = known.cause === undefined ? {} : { cause: causeOf(known.cause) };
      log({ level: 'error', event: 'request_failed', request_id: c.var.requestId, code: known.code, message: known.message, ...cause });
    }
    return answerError(c, known);
  };

/** 405 where paths matched and none of them took the method, else 404. */
export const answerNotFound: NotFoundHandler<EdgeEnv> = (c) => {
  const { allowed, observed } = c.var;
  if (observed !== undefined) observed.endpoint ??= 'unknown';
  if (allowed === undefined) return answerError(c, new NexusError('nexus.not_found', 'There is nothing at this path. GET /openapi.json lists what there is.'));
  c.header('allow', allowed.join(', '));
  return answerError(c, new NexusError('nexus.method_not_allowed', `This path takes ${allowed.join(', ')}.`));
};

/** Notes what a path takes and goes on: `…/documents/delete` is also the path of a document that is called so. */
export const offerMethods = async (c: Context<EdgeEnv>, next: () => Promise<void>, candidates: readonly { method: string }[]): Promise<void> => {
  c.set('allowed', [...(c.var.allowed ?? []), ...candidates.map(({ method }) => method)]);
  await next();
};

/** @throws NexusError 405, with `Allow` */
export const requireMethod = (c: Context<EdgeEnv>, allowed: readonly string[]): void => {
  if (allowed.includes(c.req.method)) return;
  c.header('allow', allowed.join(', '));
  throw new NexusError('nexus.method_not_allowed', `This path takes ${allowed.join(', ')}.`);
};
