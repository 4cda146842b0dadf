import { SignJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { fromBase64Url, toBase64Url, utf8 } from '../../shared/bytes.ts';
import { grantHeader, timeoutHeader } from '../../shared/grant.ts';
import { limits } from '../../shared/limits.ts';
import { commonStack, newRequestId } from './common-stack.ts';
import { type Neighbours, requestsForWhatIsTheVictims as requests, salaries, settleNeighbours } from './neighbours.ts';
import { expectRefusal } from './refusal.ts';
import { type Answer, type Sending, send } from './send.ts';
import { contextOf } from './stack-caller.ts';

/** Guarantee 4: a grant is good for the one request that the edge made it for, and nobody else can make one. */

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

describe('a grant', () => {
  /** The grant that the edge itself made for a request. */
  const captured = async (token: string, method: string, path: string, sending: Sending = {}): Promise<string> => {
    const requestId = newRequestId();
    await stack.call(method, path, { token, ...sending, headers: { 'x-request-id': requestId } });
    const [seen] = await stack.seen(requestId);
    return seen?.headers[grantHeader] as string;
  };
  const replay = (grant: string | undefined, method: string, path: string, sending: Sending = {}): Promise<Answer> =>
    send(stack.runner, method, path, { ...sending, headers: { ...(grant === undefined ? {} : { [grantHeader]: grant }), ...sending.headers } });

  test.each(requests)('%s %s without one: 401', async (method, path, sending) => {
    expectRefusal(await replay(undefined, method, path, sending), 'auth.unauthenticated');
    expectRefusal(await replay(undefined, method, path, { ...sending, token: near.victims }), 'auth.unauthenticated');
    expectRefusal(await replay(near.victims, method, path, sending), 'auth.unauthenticated');
  });

  test('one fits its own request, and no other path, query string, method or body', async () => {
    const path = '/nexus/spaces/notes/query';
    const grant = await captured(near.victims, 'POST', path, { body: salaries });
    expect((await replay(grant, 'POST', path, { body: salaries })).status).toBe(200);
    const others: [string, string, unknown][] = [
      ['POST', '/nexus/spaces/only-of-the-victim/query', salaries],
      ['POST', '/nexus/spaces/n%6ftes/query', salaries],
      ['POST', '/nexus/spaces/notes/ingest', { documents: [{ id: 'd0', text: 'x' }] }],
      ['POST', `${path}?x=1`, salaries],
      ['POST', `${path}/`, salaries],
      ['POST', path, { ...salaries, limit: 100 }],
      ['POST', path, `${JSON.stringify(salaries)} `],
      ['GET', '/nexus/spaces/notes', undefined],
      ['GET', `/nexus/tasks/${near.taskIds[0]}`, undefined],
      ['GET', '/nexus/spaces/notes/blobs/plans.txt', undefined],
      ['PUT', '/nexus/spaces/notes', { language: 'de' }],
    ];
    for (const [method, other, body] of others) {
      const answer = await replay(grant, method, other, { body });
      // A path that only ends in a stroke more is no path of the runner's at all.
      expect([401, 404], `${method} ${other}: ${answer.text}`).toContain(answer.status);
      expect(answer.text).not.toContain(near.marker);
    }
  });

  test('one for GET fits neither another scope nor another page', async () => {
    const grant = await captured(near.victims, 'GET', '/nexus/tasks?limit=1');
    expect((await replay(grant, 'GET', '/nexus/tasks?limit=1')).status).toBe(200);
    for (const path of ['/nexus/tasks', '/nexus/tasks?limit=2', '/nexus/tasks?limit=1&space_id=notes', '/nexus/tasks?LIMIT=1'])
      expectRefusal(await replay(grant, 'GET', path), 'auth.unauthenticated');
  });

  test('one is over after its minute and the skew of clocks', async () => {
    const ask = (ageMs: number) =>
      stack.askRunner('GET', '/nexus/spaces/notes', { context: contextOf({ tenant: near.victim }), grant: { atMs: Date.now() - ageMs } });
    expect((await ask(limits.grantTtlMs - 10_000)).status).toBe(200);
    expectRefusal(await ask(limits.grantTtlMs + limits.clockSkewMs + 1_000), 'auth.unauthenticated');
  });

  test('one that is forged or changed is none', async () => {
    const context = contextOf({ tenant: near.victim });
    const genuine = await captured(near.own, 'GET', '/nexus/spaces/notes');
    const [head, payload, signature] = genuine.split('.') as [string, string, string];
    const changed = toBase64Url(
      utf8(
        Buffer.from(fromBase64Url(payload) ?? [])
          .toString()
          .replaceAll(near.attacker, near.victim),
      ),
    );
    const claims = { grant: { context, method: 'GET', path: '/nexus/spaces/notes', query: '', request_id: 'r', routes: [] } };
    const sealedWith = (secret: string, header: object, over: object = {}) =>
      new SignJWT({ iss: 'nexus-edge', aud: 'runner', ...claims, ...over })
        .setProtectedHeader({ alg: 'HS256', ...header })
        .setIssuedAt()
        .setExpirationTime('60s')
        .sign(utf8(secret));
    const forged = [
      `${head}.${changed}.${signature}`,
      `${toBase64Url(utf8('{"alg":"none","typ":"nexus-grant"}'))}.${changed}.`,
      await sealedWith(stack.secrets.jwt_secret, { typ: 'nexus-grant' }),
      await sealedWith('x'.repeat(64), { typ: 'nexus-grant' }),
      await sealedWith(stack.secrets.grant_secret, { typ: 'JWT' }),
      await sealedWith(stack.secrets.grant_secret, { typ: 'nexus-grant' }, { aud: 'edge' }),
      await sealedWith(stack.secrets.grant_secret, { typ: 'nexus-grant' }, { iss: 'somebody' }),
      await sealedWith(stack.secrets.grant_secret, { typ: 'nexus-grant' }, { grant: { ...claims.grant, context: { ...context, tenant_id: '../x' } } }),
    ];
    for (const grant of forged) expectRefusal(await replay(grant, 'GET', '/nexus/spaces/notes'), 'auth.unauthenticated');
    expect((await replay(await sealedWith(stack.secrets.grant_secret, { typ: 'nexus-grant' }), 'GET', '/nexus/spaces/notes')).status).toBe(200);
  });

  test("a grant of B's in A's request to the edge is dropped: A is served as A", async () => {
    const path = '/nexus/spaces/notes/query';
    const grant = await captured(near.victims, 'POST', path, { body: salaries });
    for (const name of [grantHeader, 'X-Nexus-Grant', 'X-NEXUS-GRANT']) {
      expect(ownersOf(await asA('POST', path, { body: salaries, headers: { [name]: grant } }))).toEqual(['attacker']);
    }
    const requestId = newRequestId();
    await asA('POST', path, { body: salaries, headers: { [grantHeader]: grant, 'x-nexus-route': 'x', 'x-request-id': requestId } });
    const [seen] = await stack.seen(requestId);
    expect(Object.keys(seen?.headers ?? {}).filter((name) => name.startsWith('x-nexus-'))).toEqual([grantHeader, timeoutHeader]);
    expect(seen?.headers[grantHeader]).not.toContain(grant);
    expect(seen?.headers).not.toHaveProperty('authorization');
    expectRefusal(await stack.call('POST', path, { body: salaries, headers: { [grantHeader]: grant } }), 'auth.unauthenticated');
  });
});
