import { beforeAll, describe, expect, test } from 'vitest';
import type { Hit } from '../../shared/http/query.ts';
import { commonStack, newTenant } from './common-stack.ts';
import type { Answer } from './send.ts';

/** Guarantee 5: `include_global` searches a tenant's own space and the shared one as one, and nothing else ever shows shared data. */

const stack = commonStack();
const tenant = newTenant();
/** The system tenant is one for the whole stack: a project of its own keeps this file apart. */
const project = `p${tenant.slice(2)}`;
const marketing = { project, surface: 'marketing' };

const tokenOf = (tenantId: string, roles = 'writer', over: object = {}): Promise<string> => stack.token({ tenant: tenantId, ...marketing, roles, ...over });
const ask = (token: string, space: string, body: object): Promise<Answer> => stack.call('POST', `/nexus/spaces/${space}/query`, { token, body });
const hitsOf = async (token: string, space: string, body: object): Promise<Hit[]> => {
  const answer = await ask(token, space, body);
  expect(answer.status, answer.text).toBe(200);
  return answer.body.hits;
};
const scopesOf = (hits: readonly Hit[]): Set<string> => new Set(hits.map(({ source_scope }) => source_scope));
const idsOf = (hits: readonly Hit[]): string[] => hits.map(({ source_scope, doc_id }) => `${source_scope} ${doc_id}`);

/** A unit vector whose cosine with (1, 0) is known. */
const at = (cosine: number): number[] => [cosine, Math.sqrt(1 - cosine * cosine)];
const vectorDocuments = (cosines: Record<string, number>) => Object.entries(cosines).map(([id, cosine]) => ({ id, text: `text of ${id}`, vector: at(cosine) }));

let token: string;
let system: string;

beforeAll(async () => {
  [token, system] = await Promise.all([tokenOf(tenant), tokenOf('t_system')]);
  await Promise.all([
    stack.ingestAndWait(token, 'faq', { documents: [{ id: 'own', text: 'refunds of this customer take two days' }] }),
    stack.ingestAndWait(system, 'faq', { documents: [{ id: 'shared', text: 'refunds take five days, says the handbook' }] }),
    stack.ingestAndWait(token, 'vectors', { documents: vectorDocuments({ t9: 0.9, t7: 0.7, t5: 0.5 }) }),
    stack.ingestAndWait(system, 'vectors', { documents: vectorDocuments({ g95: 0.95, g8: 0.8, g6: 0.6 }) }),
    stack.ingestAndWait(system, 'only-shared', { documents: [{ id: 'shared', text: 'refunds for everybody' }] }),
    stack.ingestAndWait(token, 'only-own', { documents: [{ id: 'own', text: 'refunds for me' }] }),
    stack.ingestAndWait(system, 'noisy', {
      documents: Array.from({ length: 60 }, (_, i) => ({ id: `n${i}`, text: `weather report number ${i} of the coast` })),
    }),
    stack.ingestAndWait(token, 'noisy', { documents: [{ id: 'own', text: 'refunds take two days' }] }),
  ]);
});

describe('include_global', () => {
  test('returns both scopes, each hit tagged', async () => {
    const hits = await hitsOf(token, 'faq', { query: 'refunds', include_global: true });
    expect(idsOf(hits).sort()).toEqual(['global shared', 'tenant own']);
  });

  test('is one ranking: nearer is earlier, whichever scope it is of, and one score says so for both', async () => {
    const hits = await hitsOf(token, 'vectors', { vector: [1, 0], include_global: true });
    expect(idsOf(hits)).toEqual(['global g95', 'tenant t9', 'global g8', 'tenant t7', 'global g6', 'tenant t5']);
    for (const [index, cosine] of [0.95, 0.9, 0.8, 0.7, 0.6, 0.5].entries()) expect(hits[index]?.score).toBeCloseTo(cosine, 5);
  });

  test.each(['text', 'hybrid'])('never lets the score rise down the list in mode %s', async (mode) => {
    const hits = await hitsOf(token, 'faq', { query: 'refunds days handbook', mode, include_global: true });
    expect(scopesOf(hits)).toEqual(new Set(['tenant', 'global']));
    expect(hits.map(({ score }) => score)).toEqual(hits.map(({ score }) => score).sort((a, b) => b - a));
    expect(idsOf(hits)[0]).toBe('global shared');
  });

  test('pages through both scopes as through one list', async () => {
    const whole = await hitsOf(token, 'vectors', { vector: [1, 0], include_global: true });
    const walked: Hit[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const { body } = await ask(token, 'vectors', { vector: [1, 0], include_global: true, limit: 2, ...(cursor ? { cursor } : {}) });
      walked.push(...body.hits);
      cursor = body.next_cursor;
    }
    expect(walked).toEqual(whole);
  });

  test('takes either side missing', async () => {
    expect(idsOf(await hitsOf(token, 'only-shared', { query: 'refunds', include_global: true }))).toEqual(['global shared']);
    expect(idsOf(await hitsOf(token, 'only-own', { query: 'refunds', include_global: true }))).toEqual(['tenant own']);
    expect(await hitsOf(token, 'neither', { query: 'refunds', include_global: true })).toEqual([]);
  });

  test('does not let irrelevant shared data push the tenant’s own hit away', async () => {
    const hits = await hitsOf(token, 'noisy', { query: 'refunds two days', include_global: true, limit: 3 });
    expect(idsOf(hits)[0]).toBe('tenant own');
  });

  test('says which version of which scope it read', async () => {
    const both = await ask(token, 'faq', { query: 'refunds', include_global: true });
    expect(Object.keys(both.body.snapshot).sort()).toEqual(['global', 'tenant']);
    expect(Object.keys((await ask(token, 'faq', { query: 'refunds' })).body.snapshot)).toEqual(['tenant']);
  });

  test('keeps weights and caps by scope', async () => {
    const query = { vector: [1, 0], include_global: true };
    expect(idsOf(await hitsOf(token, 'vectors', { ...query, fusion: { caps: { global: 1 } } }))).toEqual(['global g95', 'tenant t9', 'tenant t7', 'tenant t5']);
    expect(scopesOf(await hitsOf(token, 'vectors', { ...query, fusion: { caps: { global: 0 } } }))).toEqual(new Set(['tenant']));
  });

  test('changes nothing for the system tenant itself', async () => {
    for (const include_global of [true, false, undefined]) {
      expect(idsOf(await hitsOf(system, 'faq', { query: 'refunds', include_global }))).toEqual(['global shared']);
    }
  });
});

describe('shared data stays in its surface', () => {
  test.each([{ surface: 'health' }, { project: `${project}-2` }, { env: 'staging' }])('and never appears in %o', async (elsewhere) => {
    const other = await tokenOf(tenant, 'writer', elsewhere);
    await stack.ingestAndWait(other, 'faq', { documents: [{ id: 'there', text: 'refunds elsewhere' }] });
    for (const body of [
      { query: 'refunds', include_global: true },
      { query: 'refunds handbook', include_global: true, mode: 'text' },
      { query: 'refunds', include_global: true, fusion: { weights: { global: 1000 } } },
    ]) {
      expect(idsOf(await hitsOf(other, 'faq', body))).toEqual(['tenant there']);
    }
    expect(await hitsOf(other, 'only-shared', { query: 'refunds', include_global: true })).toEqual([]);
  });

  test('and a credential of two surfaces gets that of the one it chose', async () => {
    const both = await tokenOf(tenant, 'reader', { surface: 'marketing,health' });
    const asked = async (surface: string) =>
      (
        await stack.call('POST', '/nexus/spaces/only-shared/query', {
          token: both,
          body: { query: 'refunds', include_global: true },
          headers: { 'x-surface-id': surface },
        })
      ).body.hits;
    expect([(await asked('marketing')).length, await asked('health')]).toEqual([1, []]);
  });
});

describe('without the flag no shared row appears', () => {
  test.each([{ query: 'refunds' }, { query: 'refunds', include_global: false }, { query: 'refunds handbook', mode: 'text', limit: 100 }])(
    '%o',
    async (body) => {
      expect(idsOf(await hitsOf(token, 'faq', body))).toEqual(['tenant own']);
      expect(await hitsOf(token, 'only-shared', body)).toEqual([]);
    },
  );

  test('nor do descriptions and lists show it', async () => {
    const described = await stack.call('GET', '/nexus/spaces/only-shared', { token });
    expect(described.body).toMatchObject({ scope: 'tenant', documents: 0, version: null });
    const listed = await stack.call('GET', '/nexus/spaces?limit=100', { token });
    expect(listed.body.spaces.map(({ space_id }: { space_id: string }) => space_id)).not.toContain('only-shared');
  });
});
