import { describe, expect, test } from 'vitest';
import { type Endpoint, endpointList } from '../../shared/http/endpoints.ts';
import type { ResourceKind } from '../../shared/routes.ts';
import { commonStack, newTenant } from './common-stack.ts';
import { loneTenant } from './common-stack-setup.ts';
import { expectRefusal } from './refusal.ts';
import type { Answer, Sending } from './send.ts';
import { contextOf } from './stack-caller.ts';

/** Guarantee 2: without a route of the kind that a request needs: 503 with the kind's own code, from both tiers. */

const stack = commonStack();
const tenant = newTenant();

const bodies: Record<string, unknown> = {
  ingest: { documents: [{ id: 'd', text: 'x' }] },
  query: { query: 'x' },
  hazeSearch: { query: 'x' },
  putSpace: { metric: 'cosine' },
  putBlob: 'bytes',
  deleteDocuments: { doc_ids: ['d'] },
  kpi: { metrics: [{ metric: 'cpc', measurements: [] }] },
};
const pathOf = ({ path }: Endpoint): string =>
  path.replace('{space_id}', 's').replace('{task_id}', 'task_01').replace('{doc_id}', 'd').replace('{name}', 'n.txt');

const expectMissing = (answer: Answer, kind: ResourceKind): void => {
  expectRefusal(answer, `${kind}.missing_route`);
  expect(answer.body.error).toMatchObject({ resource_kind: kind, retryable: true });
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
};

/** What the contract's table says, written down once more. HEAD has no body to say it in. */
const needs: Record<string, ResourceKind[]> = {
  ingest: ['nexus_store', 'nexus_blob_store'],
  query: ['nexus_store'],
  getTask: ['nexus_blob_store'],
  listTasks: ['nexus_blob_store'],
  listSpaces: ['nexus_store'],
  putSpace: ['nexus_store'],
  getSpace: ['nexus_store'],
  deleteSpace: ['nexus_store', 'nexus_blob_store'],
  listDocuments: ['nexus_store'],
  getDocument: ['nexus_store'],
  deleteDocument: ['nexus_store', 'nexus_blob_store'],
  deleteDocuments: ['nexus_store', 'nexus_blob_store'],
  kpi: ['nexus_store', 'nexus_blob_store'],
  hazePoints: ['nexus_store', 'nexus_blob_store'],
  hazeSearch: ['nexus_store', 'nexus_blob_store'],
  hazeSnapshot: ['nexus_store', 'nexus_blob_store'],
  putBlob: ['nexus_blob_store'],
  getBlob: ['nexus_blob_store'],
};
const cases = Object.entries(needs).flatMap(([id, kinds]) =>
  kinds.map((kind) => ({ id, kind, endpoint: endpointList.find((one) => one.id === id) as Endpoint })),
);
const envWithout: Record<ResourceKind, string> = { nexus_store: 'blobsonly', nexus_blob_store: 'storeonly' };

const sendingOf = (endpoint: Endpoint): Sending => (bodies[endpoint.id] === undefined ? {} : { body: bodies[endpoint.id] });

describe.each(cases)('$id without a $kind route', ({ endpoint, kind }) => {
  const env = envWithout[kind];

  test('from the edge: 503 with the code of the kind', async () => {
    const token = await stack.token({ tenant, env });
    expectMissing(await stack.call(endpoint.method, pathOf(endpoint), { token, ...sendingOf(endpoint) }), kind);
  });

  test('from the runner, asked directly: the same', async () => {
    const context = contextOf({ tenant, env });
    const routes = env === 'storeonly' ? ['lone-store'] : ['lone-blobs'];
    expectMissing(await stack.askRunner(endpoint.method, pathOf(endpoint), { context, grant: { routes }, ...sendingOf(endpoint) }), kind);
  });

  test('from a runner that does not know the route that the edge has matched: the same', async () => {
    const context = contextOf({ tenant });
    const known = kind === 'nexus_store' ? 'dev-blobs' : 'dev-store';
    const routes = [...(endpoint.routes.length > 1 ? [known] : []), 'removed-in-the-meantime'];
    expectMissing(await stack.askRunner(endpoint.method, pathOf(endpoint), { context, grant: { routes }, ...sendingOf(endpoint) }), kind);
  });
});

describe('an env that no route matches', () => {
  test('nothing is served, and HEAD says so by its status', async () => {
    const token = await stack.token({ tenant, env: 'elsewhere' });
    const served = endpointList.filter(({ id }) => id === 'headBlob' || Object.hasOwn(needs, id));
    expect(served.length).toBe(Object.keys(needs).length + 1);
    for (const endpoint of served) {
      const { status } = await stack.call(endpoint.method, pathOf(endpoint), { token, ...sendingOf(endpoint) });
      expect([endpoint.id, status]).toEqual([endpoint.id, 503]);
    }
  });

  test('a request that has another fault is told of that one first', async () => {
    const token = await stack.token({ tenant, env: 'elsewhere' });
    expectRefusal(await stack.call('POST', '/nexus/spaces/s/query', { token, body: { limit: 0 } }), 'nexus.validation_failed');
    expectRefusal(await stack.call('POST', '/nexus/spaces/s/query', { token, body: { query: 'x', cursor: 'c' } }), 'nexus.cursor_invalid');
    expectRefusal(await stack.call('POST', '/nexus/spaces/s/query', { body: { query: 'x' } }), 'auth.unauthenticated');
  });
});

test('shared data without a route is not left out in silence: 503 from both tiers', async () => {
  const wish = { tenant: loneTenant, env: 'ownonly' };
  const token = await stack.token(wish);
  const ask = (body: object) => stack.call('POST', '/nexus/spaces/s/query', { token, body });
  expect((await ask({ query: 'x' })).status).toBe(200);
  expectMissing(await ask({ query: 'x', include_global: true }), 'nexus_store');
  const granted = { context: contextOf(wish), grant: { routes: ['own-store'] }, body: { query: 'x', include_global: true } };
  expectMissing(await stack.askRunner('POST', '/nexus/spaces/s/query', granted), 'nexus_store');
});

test('a route to a runner that is not there: 503 nexus.upstream_unavailable, which may be tried again', async () => {
  const token = await stack.token({ tenant, env: 'adrift' });
  const answer = await stack.call('POST', '/nexus/spaces/s/query', { token, body: { query: 'x' } });
  expectRefusal(answer, 'nexus.upstream_unavailable');
  expect(answer.body.error.retryable).toBe(true);
});
