import type { Hono } from 'hono';
import { NexusError } from '../shared/errors.ts';
import { openApiDocument } from '../shared/http/openapi.ts';
import type { Registry } from '../shared/routes.ts';
import { type EdgeEnv, requireMethod } from './answers.ts';
import type { EdgeDeps } from './edge-deps.ts';

const welcome = (version: string) => ({ name: 'nexus-lite', version, links: { openapi: '/openapi.json', health: '/health', ready: '/ready' } });

/** What keeps every request from being answered; undefined: nothing that the edge can see. */
const problemOf = ({ routes }: Registry, runners: readonly string[]): string | undefined => {
  if (routes.length === 0) return 'There are no routes. Set NEXUS_ROUTES, or the key routes of NEXUS_CONFIG.';
  const stranded = runners.length > 0 ? [] : routes.filter((route) => route.runners === undefined || route.runners.length === 0);
  return stranded.length === routes.length ? 'No route names runners, and NEXUS_RUNNERS is not set.' : undefined;
};

/** Endpoints that need no credential. */
export const mountPublicEndpoints = (
  app: Hono<EdgeEnv>,
  { bindings, version }: Pick<EdgeDeps, 'bindings' | 'version'>,
  loadRegistry: () => Promise<Registry>,
) => {
  let openApi: unknown;
  const answers: Record<string, () => unknown> = {
    // Where the viewer is deployed with the edge, `/` is its page.
    ...(bindings.ASSETS === undefined ? { '/': () => welcome(version) } : {}),
    '/health': () => ({ status: 'ok' }),
    '/ready': async () => {
      const problem = problemOf(await loadRegistry(), bindings.NEXUS_RUNNERS);
      if (problem !== undefined) throw new NexusError('nexus.upstream_unavailable', problem);
      return { status: 'ready' };
    },
    '/openapi.json': () => {
      openApi ??= openApiDocument(version);
      return openApi;
    },
  };
  for (const [path, answer] of Object.entries(answers)) {
    app.all(path, async (c) => {
      requireMethod(c, ['GET', 'HEAD']);
      return Response.json(await answer());
    });
  }
};
