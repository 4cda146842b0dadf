import { beforeAll, describe, expect, test } from 'vitest';
import type { Hit } from '../../shared/http/query.ts';
import { commonStack, newTenant } from './common-stack.ts';
import { expectRefusal } from './refusal.ts';
import { contextOf } from './stack-caller.ts';

/** Guarantee 5, its rights: who may write shared data, and who may read it by naming its scope. */

const stack = commonStack();
const tenant = newTenant();
/** The system tenant is one for the whole stack: a project of its own keeps this file apart. */
const marketing = { project: `p${tenant.slice(2)}`, surface: 'marketing' };

const tokenOf = (tenantId: string, roles = 'writer', over: object = {}): Promise<string> => stack.token({ tenant: tenantId, ...marketing, roles, ...over });
const hitsOf = async (token: string, space: string, body: object): Promise<Hit[]> => {
  const answer = await stack.call('POST', `/nexus/spaces/${space}/query`, { token, body });
  expect(answer.status, answer.text).toBe(200);
  return answer.body.hits;
};
const scopesOf = (hits: readonly Hit[]): Set<string> => new Set(hits.map(({ source_scope }) => source_scope));
const idsOf = (hits: readonly Hit[]): string[] => hits.map(({ source_scope, doc_id }) => `${source_scope} ${doc_id}`);

let token: string;
let system: string;

beforeAll(async () => {
  [token, system] = await Promise.all([tokenOf(tenant), tokenOf('t_system')]);
  await Promise.all([
    stack.ingestAndWait(token, 'faq', { documents: [{ id: 'own', text: 'refunds of this customer take two days' }] }),
    stack.ingestAndWait(system, 'faq', { documents: [{ id: 'shared', text: 'refunds take five days, says the handbook' }] }),
  ]);
});

describe('who may write shared data', () => {
  const documents = [{ id: 'smuggled', text: 'refunds: smuggled' }];
  const writes = (space: string) =>
    [
      ['POST', `/nexus/spaces/${space}/ingest`, { scope: 'global', documents }],
      ['PUT', `/nexus/spaces/${space}?scope=global`, { language: 'en' }],
      ['PUT', `/nexus/spaces/${space}/blobs/a.txt?scope=global`, 'bytes'],
      ['DELETE', `/nexus/spaces/${space}?scope=global`, undefined],
      ['DELETE', `/nexus/spaces/${space}/documents/shared?scope=global`, undefined],
      ['POST', `/nexus/spaces/${space}/documents/delete`, { scope: 'global', doc_ids: ['shared'] }],
    ] as const;

  test.each(['writer', 'reader,writer'])('a tenant with the roles %s may not: 403', async (roles) => {
    const normal = await tokenOf(tenant, roles);
    for (const [method, path, body] of writes('faq')) {
      expectRefusal(await stack.call(method, path, { token: normal, body }), 'nexus.global_write_forbidden');
      const granted = { context: contextOf({ tenant, ...marketing, roles }), body };
      expectRefusal(await stack.askRunner(method, path, granted), 'nexus.global_write_forbidden');
    }
  });

  test('a body too large for the edge to read is judged by the runner: 403', async () => {
    const large = { scope: 'global', documents: [...documents, { id: 'large', text: 'refunds '.repeat(200_000) }] };
    expectRefusal(await stack.call('POST', '/nexus/spaces/faq/ingest', { token, body: large }), 'nexus.global_write_forbidden');
  });

  test('a reader may write nothing at all: 403', async () => {
    for (const [method, path, body] of writes('faq')) {
      expectRefusal(await stack.call(method, path, { token: await tokenOf(tenant, 'reader'), body }), 'auth.role_required');
      expectRefusal(await stack.call(method, path, { token: await tokenOf('t_system', 'reader'), body }), 'auth.role_required');
    }
    const plain = { documents };
    expectRefusal(await stack.call('POST', '/nexus/spaces/faq/ingest', { token: await tokenOf('t_system', 'reader'), body: plain }), 'auth.role_required');
  });

  test('of all these nothing has arrived', async () => {
    expect(idsOf(await hitsOf(system, 'faq', { query: 'refunds smuggled' }))).toEqual(['global shared']);
    expect(idsOf(await hitsOf(token, 'faq', { query: 'refunds smuggled' }))).toEqual(['tenant own']);
    expectRefusal(await stack.call('GET', '/nexus/spaces/faq/blobs/a.txt', { token: system }), 'nexus.not_found');
  });

  test("the system tenant's writer may, with and without saying the scope", async () => {
    const space = 'written-by-system';
    for (const scope of [undefined, 'global', 'tenant']) {
      const task = await stack.ingestAndWait(system, space, { scope, documents: [{ id: `as-${scope}`, text: 'refunds' }] });
      expect([task.status, task.scope]).toEqual(['succeeded', 'global']);
    }
    expect(scopesOf(await hitsOf(token, space, { query: 'refunds', include_global: true }))).toEqual(new Set(['global']));
  });

  test.each(['admin', 'system'])('a platform credential with the role %s may, for its own surface', async (role) => {
    const space = `written-in-role-${role}`;
    const admin = await tokenOf(newTenant(), role);
    const task = await stack.ingestAndWait(admin, space, { scope: 'global', documents: [{ id: 'a', text: 'refunds' }] });
    expect([task.status, task.scope]).toEqual(['succeeded', 'global']);
    expect(idsOf(await hitsOf(token, space, { query: 'refunds', include_global: true }))).toEqual(['global a']);
    expect(idsOf(await hitsOf(admin, space, { query: 'refunds', scope: 'global' }))).toEqual(['global a']);
    expect(await hitsOf(await tokenOf(tenant, 'writer', { surface: 'health' }), space, { query: 'refunds', include_global: true })).toEqual([]);
  });

  test('the task of a shared write belongs to who asked for it', async () => {
    const task = await stack.ingestAndWait(system, 'task-owner', { documents: [{ id: 'a', text: 'x' }] });
    expectRefusal(await stack.call('GET', `/nexus/tasks/${task.task_id}`, { token }), 'nexus.not_found');
  });
});

describe('who may read shared data by name of its scope', () => {
  const reads = [
    ['POST', '/nexus/spaces/faq/query', { query: 'refunds', scope: 'global' }],
    ['GET', '/nexus/spaces/faq?scope=global', undefined],
    ['GET', '/nexus/spaces?scope=global', undefined],
    ['GET', '/nexus/spaces/faq/documents?scope=global', undefined],
    ['GET', '/nexus/spaces/faq/documents/shared?scope=global&include=text', undefined],
    ['GET', '/nexus/spaces/faq/blobs/a.txt?scope=global', undefined],
  ] as const;

  test.each(['reader', 'writer'])('a %s may not: 403, from both tiers', async (roles) => {
    const normal = await tokenOf(tenant, roles);
    for (const [method, path, body] of reads) {
      expectRefusal(await stack.call(method, path, { token: normal, body }), 'nexus.global_read_forbidden');
      const granted = { context: contextOf({ tenant, ...marketing, roles }), body };
      expectRefusal(await stack.askRunner(method, path, granted), 'nexus.global_read_forbidden');
    }
  });

  test('an admin and the system tenant may', async () => {
    for (const reader of [await tokenOf(tenant, 'admin'), await tokenOf('t_system', 'reader')]) {
      expect(idsOf(await hitsOf(reader, 'faq', { query: 'refunds', scope: 'global' }))).toEqual(['global shared']);
      expect((await stack.call('GET', '/nexus/spaces/faq?scope=global', { token: reader })).body).toMatchObject({ scope: 'global', documents: 1 });
    }
  });
});
