import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { grantHeader, sealGrant } from '../../shared/grant.ts';
import type { Hit } from '../../shared/http/query.ts';
import { scaled } from '../scale.ts';
import { type Attack, attacks, type Knowledge } from './attack.ts';
import { commonStack } from './common-stack.ts';
import { type Neighbours, settleNeighbours } from './neighbours.ts';
import { type Answer, send } from './send.ts';
import { contextOf } from './stack-caller.ts';

/** Guarantee 4, in numbers: of 10,000 generated attempts not one shows or changes anything of another tenant. */

const attempts = Math.max(10_000, scaled(10_000));
const atOnce = 50;

const stack = commonStack();
const env = 'staging';
let near: Neighbours;
let known: Knowledge;
let before: unknown;

/** All that the victim has, as the victim sees it. */
const allOfTheVictim = async (): Promise<unknown> => {
  const token = near.victims;
  const get = async (path: string): Promise<unknown> => (await stack.call('GET', path, { token })).body;
  const query = { query: 'salaries', limit: 100, select: ['text', 'metadata', 'vector'] };
  return Promise.all([
    get('/nexus/spaces?limit=100'),
    get('/nexus/tasks?limit=100'),
    ...near.spaces.map((space) => get(`/nexus/spaces/${space}`)),
    ...near.spaces.map(async (space) => (await stack.call('POST', `/nexus/spaces/${space}/query`, { token, body: query })).body.hits),
    stack.call('GET', '/nexus/spaces/notes/blobs/plans.txt', { token }).then(({ text }) => text),
  ]);
};

beforeAll(async () => {
  near = await settleNeighbours(stack, env);
  const lists = await Promise.all(['/nexus/spaces?limit=1', '/nexus/tasks?limit=1'].map((path) => stack.call('GET', path, { token: near.victims })));
  const context = contextOf({ tenant: near.victim, env });
  const stolen = { context, method: 'POST', path: '/nexus/spaces/notes/query', query: '', request_id: 'r', routes: [], body_sha256: 'f'.repeat(64) };
  known = {
    ...near,
    env,
    cursors: [...near.cursors, ...lists.map(({ body }) => body.next_cursor)],
    documentIds: ['d0', 'd1', 'd2', 'd3', 'd4'],
    stolenGrant: sealGrant(stolen, stack.secrets.grant_secret, Date.now()),
  };
  expect(known.cursors.map((cursor) => typeof cursor)).toEqual(Array(4).fill('string'));
  before = await allOfTheVictim();
  expect(JSON.stringify(before)).toContain(near.marker);
});

const attemptAtEdge = ({ method, path, body, headers, credential }: Attack): Promise<Answer> => {
  const token = credential === 'own' ? near.own : credential === 'none' ? undefined : `${near.own.slice(0, -6)}AAAAAA`;
  return send(stack.edge, method, path, { body, headers, token });
};

const attemptAtRunner = ({ method, path, body, headers, grant }: Attack): Promise<Answer> => {
  const { [grantHeader]: _, ...rest } = headers;
  const context = contextOf({ tenant: near.attacker, env });
  switch (grant) {
    case 'none':
      return send(stack.runner, method, path, { body, headers: rest, token: near.own });
    case 'stolen':
      return send(stack.runner, method, path, { body, headers: { ...rest, [grantHeader]: known.stolenGrant } });
    case 'forged':
      return stack.askRunner(method, path, {
        context: { ...context, tenant_id: near.victim },
        body,
        headers: rest,
        grant: { secret: stack.secrets.jwt_secret },
      });
    case 'own for another path':
      return stack.askRunner(method, path, { context, body, headers: rest, grant: { path: '/nexus/spaces', query: '' } });
    case 'own for another body':
      return stack.askRunner(method, path, { context, body, headers: rest, grant: { body: { query: 'another' } } });
    case 'own':
      return stack.askRunner(method, path, { context, body, headers: rest });
  }
};

const isOwnHit = ({ metadata, id }: Hit): boolean => (metadata === undefined ? id === 'own#0' : metadata.owner === 'attacker');

/** What an answer shows of somebody else; undefined: nothing. */
const leakIn = ({ status, headers, text, body }: Answer): string | undefined => {
  if (text.includes(near.marker)) return 'the answer holds what is the victim’s';
  if (status >= 500) return `the answer is ${status}`;
  if (headers.etag?.includes(known.contentHash)) return 'the answer names the victim’s file by its hash';
  if (status >= 300 || body === undefined) return undefined;
  if (body.hits?.some((hit: Hit) => !isOwnHit(hit))) return 'a hit is not the attacker’s';
  if (typeof body.documents === 'number' && body.documents > 1) return 'the description counts documents that are not the attacker’s';
  const documents: { doc_id?: string }[] = [body, ...(Array.isArray(body.documents) ? body.documents : [])];
  if (documents.some(({ doc_id }) => doc_id !== undefined && doc_id !== 'own')) return 'a document is not the attacker’s';
  if (body.spaces?.some(({ space_id }: { space_id: string }) => space_id !== 'notes')) return 'the list names a space that is not the attacker’s';
  const listed = [body, ...(body.tasks ?? [])].map(({ task_id }: { task_id?: string }) => task_id);
  return listed.some((taskId) => taskId !== undefined && known.taskIds.includes(taskId)) ? 'a task is not the attacker’s' : undefined;
};

describe(`${attempts} generated attempts of one tenant at another`, () => {
  const statuses = new Map<string, number>();

  test('show nothing and break nothing', { timeout: 120_000 * (attempts / 10_000) }, async () => {
    const seed = Date.now();
    const generated = fc.sample(attacks(known), { seed, numRuns: attempts });
    const attempt = async (attack: Attack): Promise<void> => {
      const answer = attack.target === 'edge' ? await attemptAtEdge(attack) : await attemptAtRunner(attack);
      const kind = `${attack.target} ${answer.status}`;
      statuses.set(kind, (statuses.get(kind) ?? 0) + 1);
      expect(leakIn(answer), `seed ${seed}: ${JSON.stringify(attack)} -> ${answer.status} ${answer.text.slice(0, 300)}`).toBeUndefined();
    };
    for (let from = 0; from < attempts; from += atOnce) await Promise.all(generated.slice(from, from + atOnce).map(attempt));
  });

  test('reached both tiers, past their doors and not', () => {
    const total = [...statuses.values()].reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThanOrEqual(attempts);
    for (const kind of [
      'edge 200',
      'edge 401',
      'edge 403',
      'edge 404',
      'edge 410',
      'edge 422',
      'runner 200',
      'runner 401',
      'runner 404',
      'runner 410',
      'runner 422',
    ])
      expect([kind, (statuses.get(kind) ?? 0) > attempts / 500], JSON.stringify([...statuses])).toEqual([kind, true]);
  });

  test('left the attacker with its own document alone', async () => {
    const tasks: { kind: string; task_id: string }[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const { body } = await stack.call('GET', `/nexus/tasks?limit=100${cursor ? `&cursor=${cursor}` : ''}`, { token: near.own });
      tasks.push(...body.tasks);
      cursor = body.next_cursor;
    }
    expect(tasks.filter(({ kind }) => kind === 'ingest').length).toBe(1);
    const ended = await Promise.all(tasks.map(({ task_id }) => stack.waitForTask(near.own, task_id)));
    expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(['succeeded']));
    expect((await stack.call('GET', '/nexus/spaces/notes', { token: near.own })).body).toMatchObject({ documents: 1, chunks: 1 });
  });

  test('changed nothing of the victim’s', async () => {
    expect(await allOfTheVictim()).toEqual(before);
  });
});
