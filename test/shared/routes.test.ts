import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NexusError } from '../../shared/errors.ts';
import { findRoute, preferredRunners, type Registry, type ResourceKind, registrySchema, requireRoute, resourceKinds } from '../../shared/routes.ts';
import type { Area } from '../../shared/space-key.ts';
import { runs } from '../scale.ts';
import { anySpaceKey } from './generated.ts';

const parts = ['tenant_id', 'env', 'project_id', 'surface_id'] as const;
const choices = { tenant_id: ['*', 't_a', 't_b'], env: ['*', 'dev', 'prod'], project_id: ['*', 'p', 'q'], surface_id: ['*', 's', 't'] };
const area: Area = { tenant_id: 't_a', env: 'dev', project_id: 'p', surface_id: 's' };

const store = (id: string, match: Record<string, string>, over: Record<string, unknown> = {}) => ({
  id,
  kind: 'nexus_store',
  match,
  backend: 'lancedb',
  root: `/data/${id}`,
  ...over,
});
const registry = (...routes: unknown[]): Registry => registrySchema.parse({ routes });
const issues = (...routes: unknown[]): string[] => registrySchema.safeParse({ routes }).error?.issues.map(({ message }) => message) ?? [];

const anyMatch = fc.record({
  tenant_id: fc.constantFrom(...choices.tenant_id),
  env: fc.constantFrom(...choices.env),
  project_id: fc.constantFrom(...choices.project_id),
  surface_id: fc.constantFrom(...choices.surface_id),
});
const anyArea = fc.record({
  tenant_id: fc.constantFrom('t_a', 't_b', 't_c'),
  env: fc.constantFrom('dev', 'prod'),
  project_id: fc.constantFrom('p', 'q'),
  surface_id: fc.constantFrom('s', 't'),
});

describe('the most specific match', () => {
  test('wins, whatever the order of the routes', () => {
    const kind = fc.constantFrom<ResourceKind>(...resourceKinds);
    const some = fc.uniqueArray(fc.record({ match: anyMatch, kind }), { maxLength: 12, selector: (route) => JSON.stringify(route) });
    fc.assert(
      fc.property(some, anyArea, kind, (routes, caller, wanted) => {
        const known = registry(
          ...routes.map(({ match, kind }, index) => store(`r${index}`, match, { kind, backend: kind === 'nexus_store' ? 'lancedb' : 'blob' })),
        );
        const fitting = known.routes.filter(({ kind, match }) => kind === wanted && parts.every((part) => match[part] === '*' || match[part] === caller[part]));
        const found = findRoute(known, wanted, caller);
        expect(findRoute({ routes: known.routes.toReversed() }, wanted, caller)).toBe(found);
        // Named parts, the tenant first, then env, project, surface: no other fitting route names more.
        const weight = (match: Record<string, string>): string => parts.map((part) => (match[part] === '*' ? 0 : 1)).join('');
        expect(fitting.filter(({ match }) => found === undefined || weight(match) >= weight(found.match))).toEqual(found === undefined ? [] : [found]);
      }),
      runs(500),
    );
  });

  test('a named tenant outweighs a named env, project and surface together', () => {
    const known = registry(store('tenant', { tenant_id: 't_a' }), store('others', { env: 'dev', project_id: 'p', surface_id: 's' }));
    expect(findRoute(known, 'nexus_store', area)?.id).toBe('tenant');
  });

  test('of one kind is never a route of the other', () => {
    expect(findRoute(registry(store('only', {})), 'nexus_blob_store', area)).toBeUndefined();
  });

  test.each(resourceKinds)('%s without a match is 503 with the kind’s own code', (kind) => {
    expect(() => requireRoute({ routes: [] }, kind, area)).toThrow(NexusError);
    try {
      requireRoute({ routes: [] }, kind, area);
    } catch (error) {
      expect(error).toMatchObject({ code: `${kind}.missing_route`, status: 503, resourceKind: kind, retryable: true });
    }
  });
});

describe('a registry is refused', () => {
  test('when two routes of a kind match exactly the same: a tie', () => {
    expect(issues(store('a', { env: 'dev' }), store('b', { env: 'dev' }))).toEqual(['matches exactly what route a matches']);
    expect(issues(store('a', {}), store('b', { tenant_id: '*', env: '*', project_id: '*', surface_id: '*' }))).toEqual([expect.stringContaining('route a')]);
    expect(issues(store('a', {}), store('b', {}, { kind: 'nexus_blob_store', backend: 'blob' }))).toEqual([]);
  });

  test('when an id is used twice', () => {
    expect(issues(store('a', {}), store('a', { env: 'dev' }))).toEqual(['the id a is used twice']);
  });

  test.each([
    ['a root that climbs', store('a', {}, { root: '/data/../etc' })],
    ['a root that climbs with backslashes', store('a', {}, { root: 'data\\..\\etc' })],
    ['a root with NUL', store('a', {}, { root: '/data\0' })],
    ['a root with credentials’ question mark', store('a', {}, { root: 's3://bucket/x?key=y' })],
    ['a root of an unknown scheme', store('a', {}, { root: 'http://host/x' })],
    ['an empty root', store('a', {}, { root: '' })],
    ['an unknown field', store('a', {}, { roots: '/x' })],
    ['an unknown part of a match', store('a', { tenant: 't_a' })],
    ['a tenant that cannot be', store('a', { tenant_id: 'a' })],
    ['a runner that is no URL', store('a', {}, { runners: ['runner'] })],
    ['a runner of another scheme', store('a', {}, { runners: ['file:///x'] })],
    ['another backend', store('a', {}, { backend: 'blob' })],
    ['imports on a store', store('a', {}, { import: [{ prefix: '/x' }] })],
    ['another kind', store('a', {}, { kind: 'cache' })],
    ['an id with a slash', store('a/b', {})],
  ])('with %s', (_, route) => {
    expect(issues(route)).not.toEqual([]);
  });

  test.each(['/data', 'data/nexus', 'file:///data', 'gs://bucket/nexus', 's3://bucket', 'az://container/x'])('but not with the root %s', (root) => {
    expect(issues(store('a', {}, { root }))).toEqual([]);
  });
});

describe('the runners of a space', () => {
  const anyRunners = fc.uniqueArray(
    fc.integer({ min: 0, max: 60 }).map((n) => `https://runner-${n}.example`),
    { minLength: 1, maxLength: 8 },
  );

  test('are all of them, in an order that depends on the space alone', () => {
    fc.assert(
      fc.property(anyRunners, fc.string(), (runners, space) => {
        const order = preferredRunners(runners, space);
        expect(order.toSorted()).toEqual(runners.toSorted());
        expect(preferredRunners(runners.toReversed(), space)).toEqual(order);
      }),
      runs(300),
    );
  });

  test('stay in their order when one of them is removed: only its own spaces move', () => {
    fc.assert(
      fc.property(anyRunners, anySpaceKey(), fc.nat(), (runners, key, which) => {
        const gone = runners[which % runners.length];
        const rest = runners.filter((runner) => runner !== gone);
        const order = preferredRunners(runners, JSON.stringify(key));
        expect(preferredRunners(rest, JSON.stringify(key))).toEqual(order.filter((runner) => runner !== gone));
      }),
      runs(300),
    );
  });

  test('share spaces evenly', () => {
    const runners = ['https://a.example', 'https://b.example', 'https://c.example', 'https://d.example'];
    const counts = new Map<string, number>();
    for (let i = 0; i < 4000; i++) {
      const [first = ''] = preferredRunners(runners, `t_a/dev/p/s/space${i}`);
      counts.set(first, (counts.get(first) ?? 0) + 1);
    }
    for (const runner of runners) {
      expect(counts.get(runner)).toBeGreaterThan(850);
      expect(counts.get(runner)).toBeLessThan(1150);
    }
  });
});
