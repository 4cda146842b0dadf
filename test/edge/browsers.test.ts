import { describe, expect, test } from 'vitest';
import { expectRefusal, startEdge } from './edge-under-test.ts';
import { bearerWith } from './tokens.ts';

/** What a browser may do with the edge. */

const origin = 'https://app.example';
const path = '/nexus/spaces';
const preflight = { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' } };
const allowing = (answer: Response): string[] => [...answer.headers.keys()].filter((name) => name.startsWith('access-control-'));

describe('a page of another origin', () => {
  test('may call nothing unless its origin is configured', async () => {
    for (const env of [{}, { NEXUS_CORS_ORIGINS: 'https://other.example' }]) {
      const edge = startEdge({ env });
      const asked = await edge.request(path, preflight);
      expect(asked.headers.get('access-control-allow-origin')).toBeNull();
      const answer = await edge.request(path, { headers: { ...(await bearerWith()), origin } });
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
    expect(allowing(await startEdge().request(path, preflight))).toEqual([]);
  });

  test('of a configured origin may call everything with a token, errors included, and never with cookies', async () => {
    const edge = startEdge({ env: { NEXUS_CORS_ORIGINS: `https://other.example, ${origin}` } });
    const asked = await edge.request(path, preflight);
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe(origin);
    expect(asked.headers.get('access-control-allow-headers')).toContain('authorization');
    for (const headers of [{ ...(await bearerWith()), origin }, { origin }] as Record<string, string>[]) {
      const answer = await edge.request(path, { headers });
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
      expect(answer.headers.get('access-control-expose-headers')).toContain('x-request-id');
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    }
  });
});

test('every answer says that it is no page and belongs in no frame', async () => {
  const edge = startEdge();
  for (const [where, headers] of [
    ['/health', {}],
    ['/nope', {}],
    [path, await bearerWith()],
  ] as const) {
    const answer = await edge.request(where, { headers });
    expect([where, answer.headers.get('content-security-policy')]).toEqual([where, expect.stringContaining("default-src 'none'")]);
    expect(answer.headers.get('strict-transport-security')).toMatch(/^max-age=\d{7,}/);
    expect([answer.headers.get('x-frame-options'), answer.headers.get('referrer-policy')]).toEqual(['DENY', 'no-referrer']);
  }
});

describe('files that are deployed with the edge', () => {
  const files: Record<string, string> = { '/': '<!doctype html>viewer', '/docs': '<!doctype html>api', '/assets/app-abc.js': 'let a;' };
  const seen: string[] = [];
  const ASSETS = {
    async fetch(request: Request): Promise<Response> {
      const { pathname } = new URL(request.url);
      seen.push(pathname);
      return new Response(files[pathname] ?? '', { status: files[pathname] === undefined ? 404 : 200, headers: { etag: '"1"' } });
    },
  };

  test.each(Object.keys(files))('%s is served where no endpoint is, under a policy that runs nothing but our files', async (where) => {
    const answer = await startEdge({ env: { ASSETS } }).request(where);
    expect([answer.status, await answer.text(), answer.headers.get('etag')]).toEqual([200, files[where], '"1"']);
    const policy = answer.headers.get('content-security-policy') ?? '';
    for (const part of ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"]) expect(policy).toContain(part);
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(answer.headers.get('cache-control')).toBe(where.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
  });

  test('never stand in for the API: its paths, its methods, and what is nowhere', async () => {
    const edge = startEdge({ env: { ASSETS } });
    seen.length = 0;
    await expectRefusal(await edge.request('/nexus/app.js'), 'nexus.not_found');
    await expectRefusal(await edge.request('/assets/app-abc.js', { method: 'POST' }), 'nexus.not_found');
    await expectRefusal(await edge.request('/nexus/tasks', { method: 'PUT' }), 'nexus.method_not_allowed');
    for (const where of ['/health', '/openapi.json']) await edge.request(where);
    expect(seen).toEqual([]);
    await expectRefusal(await edge.request('/nope.js'), 'nexus.not_found');
  });
});
