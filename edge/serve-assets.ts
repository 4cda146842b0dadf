import type { NotFoundHandler } from 'hono';
import type { EdgeEnv } from './answers.ts';
import type { EdgeDeps } from './edge-deps.ts';

/** A page runs scripts and styles that are files of ours, talks to this edge alone, and is framed by nobody. */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Names of built files hold their hash; everything else is asked about each time. */
const caching = (path: string): string => (path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');

/** Paths of the API and of agents are never files, whatever lies in the assets. */
const isOfTheApi = (path: string): boolean => /^\/(nexus|mcp|worker)(\/|$)/.test(path);

/** What no endpoint answers may be a file of the viewer, where one is deployed with the edge; else it is the given answer. */
export const serveAssets = ({ bindings: { ASSETS } }: Pick<EdgeDeps, 'bindings'>, otherwise: NotFoundHandler<EdgeEnv>): NotFoundHandler<EdgeEnv> => {
  if (ASSETS === undefined) return otherwise;
  return async (c) => {
    const isRead = c.req.method === 'GET' || c.req.method === 'HEAD';
    if (!isRead || isOfTheApi(c.req.path) || c.var.allowed !== undefined) return otherwise(c);
    const file = await ASSETS.fetch(c.req.raw);
    if (file.status === 404) return otherwise(c);
    const answer = new Response(file.body, file);
    answer.headers.set('content-security-policy', pagePolicy);
    answer.headers.set('cache-control', caching(c.req.path));
    return answer;
  };
};
