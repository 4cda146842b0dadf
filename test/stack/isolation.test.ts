import { beforeAll, describe, expect, test } from 'vitest';
import { fromBase64Url, toBase64Url, utf8 } from '../../shared/bytes.ts';
import { commonStack, newRequestId } from './common-stack.ts';
import { type Neighbours, requestsForWhatIsTheVictims as requests, salaries, settleNeighbours } from './neighbours.ts';
import { expectRefusal } from './refusal.ts';
import type { Answer, Sending } from './send.ts';
import { contextOf } from './stack-caller.ts';

/** Guarantee 4: tenant A never sees tenant B, by token, header, space name, cursor or task. */

const stack = commonStack();
let near: Neighbours;
beforeAll(async () => {
  near = await settleNeighbours(stack);
});

const asA = async (method: string, path: string, sending: Sending = {}): Promise<Answer> => {
  const answer = await stack.call(method, path, { token: near.own, ...sending });
  expect(answer.text).not.toContain(near.marker);
  return answer;
};
const ownersOf = (answer: Answer): string[] => answer.body.hits.map(({ metadata }: { metadata: { owner: string } }) => metadata.owner);

describe('by token and header', () => {
  test("a space of the same name is A's own", async () => {
    expect(ownersOf(await asA('POST', '/nexus/spaces/notes/query', { body: { ...salaries, limit: 100 } }))).toEqual(['attacker']);
    expect((await asA('GET', '/nexus/spaces/notes')).body).toMatchObject({ documents: 1, fields: { owner: 'string' } });
  });

  test.each(requests)("%s %s with B's X-Tenant-Id: 403, and the runner is not asked", async (method, path, sending) => {
    for (const header of [near.victim, 't_system', `${near.attacker},${near.victim}`, `${near.victim}, ${near.attacker}`]) {
      const requestId = newRequestId();
      expectRefusal(await asA(method, path, { ...sending, headers: { 'x-tenant-id': header, 'x-request-id': requestId } }), 'auth.tenant_mismatch');
      expect(await stack.seen(requestId)).toEqual([]);
    }
  });

  test.each(requests)("%s %s with A's token made out to B by hand: 401", async (method, path, sending) => {
    const [head, payload, signature] = near.own.split('.') as [string, string, string];
    const claims = { ...JSON.parse(Buffer.from(fromBase64Url(payload) ?? []).toString()), tenant_id: near.victim };
    for (const header of [head, toBase64Url(utf8('{"alg":"none"}'))]) {
      const forged = `${header}.${toBase64Url(utf8(JSON.stringify(claims)))}.${header === head ? signature : ''}`;
      expectRefusal(await asA(method, path, { ...sending, token: forged }), 'auth.unauthenticated');
    }
  });

  test('headers and parameters that could name a tenant name nobody', async () => {
    const headers = {
      'x-nexus-tenant-id': near.victim,
      'x-nexus-context': JSON.stringify(contextOf({ tenant: near.victim })),
      'x-tenant': near.victim,
      'x-forwarded-tenant': near.victim,
      'tenant-id': near.victim,
    };
    expect(ownersOf(await asA('POST', '/nexus/spaces/notes/query', { body: { ...salaries, limit: 100 }, headers }))).toEqual(['attacker']);
    expectRefusal(await asA('GET', `/nexus/tasks?tenant_id=${near.victim}`), 'nexus.validation_failed');
    expectRefusal(await asA('POST', '/nexus/spaces/notes/query', { body: { ...salaries, tenant_id: near.victim } }), 'nexus.validation_failed');
  });

  test.each([{ surface: 'health' }, { project: 'p2' }, { env: 'staging' }])("B's own other context %o is another place", async (other) => {
    const elsewhere = await stack.token({ tenant: near.victim, ...other });
    expect((await stack.call('POST', '/nexus/spaces/notes/query', { token: elsewhere, body: salaries })).body.hits).toEqual([]);
    expectRefusal(await stack.call('GET', `/nexus/tasks/${near.taskIds[0]}`, { token: elsewhere }), 'nexus.not_found');
    expectRefusal(await stack.call('GET', '/nexus/spaces/notes/blobs/plans.txt', { token: elsewhere }), 'nexus.not_found');
  });
});

describe('by space name', () => {
  test('a space that only B has reads as an empty one, like one that nobody has', async () => {
    const bodies = await Promise.all(['only-of-the-victim', 'of-nobody'].map(async (space) => (await asA('GET', `/nexus/spaces/${space}`)).body));
    expect({ ...bodies[0], space_id: 'of-nobody' }).toEqual(bodies[1]);
    const hits = await Promise.all(
      ['only-of-the-victim', 'of-nobody'].map(async (space) => (await asA('POST', `/nexus/spaces/${space}/query`, { body: salaries })).body),
    );
    expect(hits.map(({ took_ms: _, ...rest }) => rest)).toEqual(Array(2).fill({ hits: [], next_cursor: null, snapshot: {} }));
  });

  test('the list of spaces names none of B', async () => {
    expect((await asA('GET', '/nexus/spaces?limit=100')).body.spaces.map(({ space_id }: { space_id: string }) => space_id)).toEqual(['notes']);
  });

  test.each(['%2f', '%5c', '%252f', '/'])('a way through the folders, with %s, leads nowhere', async (slash) => {
    const ways = [
      ['..', '..', '..', '..', near.victim, 'dev', 'p1', 'marketing', 'notes'],
      ['notes', '..', '..', near.victim, 'notes'],
      ['', near.victim, 'dev', 'p1', 'marketing', 'notes'],
    ];
    for (const way of ways) {
      for (const [method, rest, body] of [
        ['POST', '/query', salaries],
        ['GET', '', undefined],
        ['GET', '/blobs/plans.txt', undefined],
      ] as const) {
        const answer = await asA(method, `/nexus/spaces/${way.join(slash)}${rest}`, { body });
        expect([404, 405, 422], `${method} ${way.join(slash)}${rest}: ${answer.text}`).toContain(answer.status);
      }
    }
  });
});

describe('by document', () => {
  const victimsNotes = async () => (await stack.call('GET', '/nexus/spaces/notes', { token: near.victims })).body;

  test("A's list holds A's own document alone, and none of B's has an address", async () => {
    expect((await asA('GET', '/nexus/spaces/notes/documents')).body.documents.map(({ doc_id }: { doc_id: string }) => doc_id)).toEqual(['own']);
    expect((await asA('GET', '/nexus/spaces/only-of-the-victim/documents')).body).toMatchObject({ documents: [], next_cursor: null, snapshot: null });
    for (const space of near.spaces) expectRefusal(await asA('GET', `/nexus/spaces/${space}/documents/d0?include=text`), 'nexus.not_found');
  });

  test("what A deletes is A's own, whatever it is called: B has all that it had", async () => {
    const before = await victimsNotes();
    const deletes: [string, string, unknown][] = [
      ['DELETE', '/nexus/spaces/notes/documents/d0', undefined],
      ['POST', '/nexus/spaces/notes/documents/delete', { doc_ids: ['d1', 'd2'] }],
      ['POST', '/nexus/spaces/notes/documents/delete', { filter: { owner: 'victim' } }],
      ['DELETE', '/nexus/spaces/only-of-the-victim', undefined],
    ];
    for (const [method, path, body] of deletes) {
      const accepted = await asA(method, path, { body });
      expect(accepted.status, accepted.text).toBe(202);
      expect((await stack.waitForTask(near.own, accepted.body.task_id)).status).toBe('succeeded');
    }
    expect(await victimsNotes()).toEqual(before);
    for (const space of near.spaces) {
      const { body } = await stack.call('POST', `/nexus/spaces/${space}/query`, { token: near.victims, body: { query: 'salaries' } });
      expect(body.hits.length).toBe(5);
    }
  });
});

describe('by cursor and task', () => {
  test("B's cursor: 410, from both tiers", async () => {
    expectRefusal(await asA('POST', '/nexus/spaces/notes/query', { body: { ...salaries, cursor: near.cursors[0] } }), 'nexus.cursor_invalid');
    const direct = await stack.askRunner('POST', '/nexus/spaces/notes/query', {
      context: contextOf({ tenant: near.attacker }),
      body: { ...salaries, cursor: near.cursors[0] },
    });
    expectRefusal(direct, 'nexus.cursor_invalid');
    const list = (await stack.call('GET', '/nexus/spaces/notes/documents?limit=1', { token: near.victims })).body.next_cursor;
    expectRefusal(await asA('GET', `/nexus/spaces/notes/documents?limit=1&cursor=${list}`), 'nexus.cursor_invalid');
  });

  test("B's task: 404, as one that never was, and it is in no list of A", async () => {
    const texts = await Promise.all(
      [near.taskIds[0], near.taskIds[1], 'task_00000000000000000000000000000000'].map(async (taskId) => {
        const answer = await asA('GET', `/nexus/tasks/${taskId}`);
        expectRefusal(answer, 'nexus.not_found');
        return answer.body.error.message;
      }),
    );
    expect(new Set(texts).size).toBe(1);
    const listed = (await asA('GET', '/nexus/tasks?limit=100')).body.tasks.map(({ task_id }: { task_id: string }) => task_id);
    expect(listed.filter((taskId: string) => near.taskIds.includes(taskId))).toEqual([]);
  });

  test("B's task in after_task: 404", async () => {
    expectRefusal(await asA('POST', '/nexus/spaces/notes/query', { body: { ...salaries, after_task: near.taskIds[0] } }), 'nexus.not_found');
  });
});
