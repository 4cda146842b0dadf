import { Hono } from 'hono';
import { errorAnswer, NexusError } from '../shared/errors.ts';
import { endpointList, honoPath } from '../shared/http/endpoints.ts';
import { apiRoutes } from './http/api.ts';
import { asNexusError } from './http/as-nexus-error.ts';
import { observeRequests, type RunnerEnv } from './http/observed.ts';
import { workerRoutes } from './http/worker.ts';
import type { Services } from './services.ts';

/** The runner's whole surface. Without a grant it serves only health, readiness and metrics; the worker endpoints have their own check. */
export const createRunner = (services: Services): Hono<RunnerEnv> => {
  const app = new Hono<RunnerEnv>();

  app.use(observeRequests(services));

  app.get('/health', (c) => c.json({ status: 'ok' }));
  app.get('/ready', async (c) => {
    const problems = await services.problems();
    return c.json({ ready: problems.length === 0, problems }, problems.length === 0 ? 200 : 503);
  });
  app.get('/metrics', async () => {
    const { contentType, text } = await services.metrics.exposition();
    return new Response(text, { headers: { 'content-type': contentType } });
  });
  if (services.role !== 'worker') app.route('/', apiRoutes(services));
  if (services.role !== 'query') app.route('/', workerRoutes(services));

  app.notFound((c) => {
    const known = endpointList.some(({ path }) =>
      new RegExp(
        `^${honoPath(path)
          .replaceAll(/:\w+\{\.\+\}/g, '.+')
          .replaceAll(/:\w+/g, '[^/]+')}$`,
      ).test(c.req.path),
    );
    c.var.observed.endpoint = 'unknown';
    const error = known
      ? new NexusError('nexus.method_not_allowed', 'This path does not take this method.')
      : new NexusError('nexus.not_found', 'There is nothing at this path.');
    c.var.observed.code = error.code;
    const { status, headers, body } = errorAnswer(error, c.get('requestId'));
    return Response.json(body, { status, headers });
  });

  app.onError((thrown, c) => {
    const error = asNexusError(thrown);
    const { observed } = c.var;
    observed.code = error.code;
    const path = observed.path ?? c.req.path;
    const fields = { request_id: c.get('requestId'), trace_id: observed.trace.traceId, method: c.req.method, path, code: error.code };
    // What is refused for want of room is no failure: the metrics count it.
    if (error.status >= 500 && !(error.code === 'nexus.overloaded' && error.cause === undefined))
      services.log.error('request.failed', {
        ...fields,
        error: String(thrown),
        cause: String((thrown as Error).cause ?? ''),
        stack: error.code === 'nexus.internal' ? thrown.stack : undefined,
      });
    const { status, headers, body } = errorAnswer(error, c.get('requestId'));
    return Response.json(body, { status, headers });
  });
  return app;
};
