import { describe, expect, test } from 'vitest';
import { endpointList } from '../../shared/http/endpoints.ts';
import { expectRefusal, expectRefusedAtTheEdge, routesDocument, startEdge } from './edge-under-test.ts';

describe('without a credential', () => {
  test('/health answers, with or without routes', async () => {
    const answer = await startEdge({ env: { NEXUS_ROUTES: undefined } }).request('/health');
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok' }]);
    expect(answer.headers.get('x-request-id')).toBe('req_1');
  });

  test('/ready answers when there are routes and runners', async () => {
    expect((await startEdge().request('/ready')).status).toBe(200);
    const routes = routesDocument.routes.map((route) => ({ ...route, runners: ['http://r.test'] }));
    expect((await startEdge({ env: { NEXUS_RUNNERS: undefined, NEXUS_ROUTES: JSON.stringify({ routes }) } }).request('/ready')).status).toBe(200);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ['no routes', { NEXUS_ROUTES: undefined }, /NEXUS_ROUTES/],
    ['an empty registry', { NEXUS_ROUTES: '{"routes":[]}' }, /NEXUS_ROUTES/],
    ['no runners', { NEXUS_RUNNERS: undefined }, /NEXUS_RUNNERS/],
    ['an unreadable registry', { NEXUS_CONFIG: { get: () => Promise.reject(new Error('KV is down')) } }, /NEXUS_CONFIG/],
  ])('/ready says what is wrong: %s', async (_, env, words) => {
    expect((await expectRefusal(await startEdge({ env }).request('/ready'), 'nexus.upstream_unavailable')).message).toMatch(words);
  });

  test('/ names what this is and where to read on, and every link works', async () => {
    const edge = startEdge();
    const body = (await (await edge.request('/')).json()) as { name: string; version: string; links: Record<string, string> };
    expect(body).toMatchObject({ name: 'nexus-lite', version: '1.2.3' });
    for (const link of Object.values(body.links)) expect((await edge.request(link)).status, link).toBe(200);
  });

  test('/openapi.json describes every endpoint', async () => {
    const body = (await (await startEdge().request('/openapi.json')).json()) as { openapi: string; paths: Record<string, Record<string, unknown>> };
    expect(body.openapi).toMatch(/^3\.1/);
    for (const { path, method } of endpointList) expect(body.paths[path]?.[method.toLowerCase()], `${method} ${path}`).toBeDefined();
  });
});

describe('404', () => {
  test.each([
    '/nope',
    '/nexus',
    '/nexus/spaces/',
    '/nexus/spaces/s1/',
    '/nexus/spaces/s1/query/x',
    '/worker/events',
    '/metrics',
    '/HEALTH',
    '/nexus/spaces/s1/blobs/',
    '//health',
  ])('%s, without asking for a credential', async (path) => {
    const edge = startEdge();
    await expectRefusedAtTheEdge(edge, await edge.request(`http://localhost${path}`), 'nexus.not_found');
  });
});

describe('405, with Allow', () => {
  test.each([
    ['POST', '/health', 'GET, HEAD'],
    ['GET', '/nexus/spaces/s1/query', 'POST'],
    ['OPTIONS', '/nexus/spaces/s1/ingest', 'POST'],
    ['PATCH', '/nexus/tasks/task_1', 'GET'],
    ['PUT', '/nexus/spaces/s1/documents/delete', 'POST, GET, DELETE'],
    ['POST', '/nexus/spaces/s1/blobs/a', 'PUT, GET, HEAD'],
    ['PURGE', '/nexus/tasks', 'GET'],
  ])('%s %s', async (method, path, allow) => {
    const edge = startEdge();
    const answer = await edge.request(path, { method });
    await expectRefusedAtTheEdge(edge, answer, 'nexus.method_not_allowed');
    expect(answer.headers.get('allow')).toBe(allow);
  });

  test('HEAD where only GET is promised', async () => {
    const answer = await startEdge().request('/nexus/spaces', { method: 'HEAD' });
    expect([answer.status, answer.headers.get('allow'), answer.headers.get('x-request-id')]).toEqual([405, 'GET', 'req_1']);
  });
});

test('a document that is called like an endpoint can still be asked for', async () => {
  const edge = startEdge();
  await expectRefusedAtTheEdge(edge, await edge.request('/nexus/spaces/s1/documents/delete'), 'auth.unauthenticated');
});

test('500: a fault of ours shows no internal text, and is logged with its cause', async () => {
  const { bindings, app, logged } = startEdge();
  Object.defineProperty(bindings, 'NEXUS_RUNNERS', {
    get: () => {
      throw new Error('a secret detail of the inside');
    },
  });
  const error = await expectRefusal(await app.request('/ready'), 'nexus.internal');
  expect(JSON.stringify(error)).not.toContain('secret detail');
  expect(JSON.stringify(logged)).toContain('a secret detail of the inside');
});
