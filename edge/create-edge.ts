import { Hono } from 'hono';
import { requireScope } from '../shared/context.ts';
import { type Endpoint, endpointList, honoPath } from '../shared/http/endpoints.ts';
import { queryFields } from '../shared/http/parse.ts';
import { answerErrors, answerNotFound, type EdgeEnv, offerMethods, stampAnswers } from './answers.ts';
import { createAuthenticate } from './authenticate.ts';
import { authorise } from './authorise.ts';
import { createCursorCheck } from './check-cursor.ts';
import { allowOrigins } from './cross-origin.ts';
import type { EdgeDeps } from './edge-deps.ts';
import { findDestination } from './find-destination.ts';
import { createForward } from './forward.ts';
import { createRateLimit } from './limit-rate.ts';
import { createRegistryLoader } from './load-registry.ts';
import { logRequests } from './log-requests.ts';
import { mountMcp } from './mcp/mount-mcp.ts';
import { mountPublicEndpoints } from './public-endpoints.ts';
import { readInput } from './read-input.ts';
import { serveAssets } from './serve-assets.ts';

const byPath = (): Map<string, Endpoint[]> => Map.groupBy(endpointList, ({ path }) => path);

/**
 * The edge: decides who and where, never what. Each step refuses with its own codes, in the order that is promised.
 * Nothing of a caller's headers reaches a runner but by the allow-list in `passed-headers.ts`.
 */
export const createEdge = (deps: EdgeDeps): Hono<EdgeEnv> => {
  const authenticate = createAuthenticate(deps);
  const limitRate = createRateLimit(deps);
  const checkCursor = createCursorCheck(deps);
  const loadRegistry = createRegistryLoader(deps);
  const forward = createForward(deps);

  const app = new Hono<EdgeEnv>();
  app.use(stampAnswers(deps));
  app.use(logRequests(deps));
  if (deps.bindings.NEXUS_CORS_ORIGINS.length > 0) app.use(allowOrigins(deps.bindings.NEXUS_CORS_ORIGINS));
  app.onError(answerErrors(deps));
  app.notFound(serveAssets(deps, answerNotFound)); // 404
  mountPublicEndpoints(app, deps, loadRegistry);
  mountMcp(app, deps, authenticate);

  for (const [path, candidates] of byPath()) {
    app.all(honoPath(path), async (c, next) => {
      const endpoint = candidates.find(({ method }) => method === c.req.method);
      if (endpoint === undefined) return offerMethods(c, next, candidates); // 405, unless a later path fits as well
      const { observed } = c.var;
      observed.endpoint = endpoint.id;
      const request = c.req.raw;
      const url = new URL(request.url);
      const raw = { pathname: url.pathname, params: c.req.param(), query: queryFields(url.searchParams) };

      const caller = await authenticate(request.headers); // 401
      const context = authorise(endpoint, caller, request.headers, raw.query); // 403, 400
      observed.context = context;
      await limitRate(context.tenant_id); // 429
      const { input, body } = await readInput(endpoint, request, raw, (scope) => requireScope(context, endpoint.access, scope)); // 415, 413, 400, 403, 422
      observed.spaceId = input.params.space_id;
      checkCursor(endpoint, context, input); // 410
      const destination = findDestination(await loadRegistry(), deps.bindings.NEXUS_RUNNERS, endpoint, context, input); // 503
      return forward({ endpoint, request, url, requestId: c.var.requestId, context, body, destination, observed }); // 502, 503, 504
    });
  }
  return app;
};
