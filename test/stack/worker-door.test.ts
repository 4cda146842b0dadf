import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { taskIdPattern } from '../../shared/ids.ts';
import { commonStack, newTenant } from './common-stack.ts';
import { expectRefusal } from './refusal.ts';
import { type Answer, send } from './send.ts';
import { contextOf } from './stack-caller.ts';

/** A web page or another local program cannot post events to the local worker. */

const stack = commonStack();
const victim = newTenant();
const taskId = `task_${Date.now().toString(16).padStart(12, '0')}${'0'.repeat(20)}`;
const doors = ['/worker/events', '/worker/dead-letters', '/worker/sweep'] as const;

/** Exactly what the spool would deliver for an accepted request of the victim's. */
const push = () => {
  const space = { scope: 'tenant', tenant_id: victim, env: 'dev', project_id: 'p1', surface_id: 'marketing', space_id: 'notes' };
  const { tenant_id, env, project_id, surface_id } = space;
  const event = {
    specversion: '1.0',
    id: taskId,
    source: '/nexus/spaces/notes',
    type: 'nexus.ingest_requested',
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    data: {
      task_id: taskId,
      space,
      epoch: 1,
      requested_by: { tenant_id, env, project_id, surface_id, subject: 'x' },
      request_id: 'r',
      payload: { documents: [{ id: 'planted', type: 'document', text: 'planted' }], refused: [] },
    },
  };
  const publishTime = new Date().toISOString();
  return {
    message: { data: Buffer.from(JSON.stringify(event)).toString('base64'), messageId: '1', publishTime, attributes: {} },
    subscription: 'projects/local/subscriptions/nexus-spool',
  };
};

/** A token like the spool's own in everything but the key. */
const lookalike = async (algorithm: 'ES256' | 'RS256', claims: object = {}): Promise<string> => {
  const { privateKey, publicKey } = await generateKeyPair(algorithm);
  return new SignJWT({ email: 'spool@nexus.invalid', email_verified: true, ...claims })
    .setProtectedHeader({ alg: algorithm, kid: 'spool', jwk: await exportJWK(publicKey) })
    .setIssuer('urn:nexus:spool')
    .setSubject('spool@nexus.invalid')
    .setAudience('nexus-local-worker')
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(privateKey);
};

let before: unknown;
const allOfTheVictim = async (): Promise<unknown> => {
  const token = await stack.token({ tenant: victim });
  const answers = await Promise.all(['/nexus/spaces/notes', '/nexus/spaces', '/nexus/tasks'].map((path) => stack.call('GET', path, { token })));
  return answers.map(({ body }) => body);
};

beforeAll(async () => {
  expect(taskId).toMatch(taskIdPattern);
  await stack.ingestAndWait(await stack.token({ tenant: victim }), 'notes', { documents: [{ id: 'kept', text: 'kept' }] });
  before = await allOfTheVictim();
});

const attempts: Record<string, () => Promise<Record<string, string>> | Record<string, string>> = {
  'a program without a token': () => ({}),
  'a web page (Origin, JSON)': () => ({ origin: 'https://evil.example' }),
  'a web page of the same machine': () => ({ origin: 'http://127.0.0.1:8788' }),
  'a web page that sends what needs no question first': () => ({ origin: 'https://evil.example', 'content-type': 'text/plain' }),
  'a page without an origin': () => ({ origin: 'null', 'content-type': 'text/plain' }),
  'a form': () => ({ 'content-type': 'application/x-www-form-urlencoded' }),
  "somebody with a tenant's token": async () => ({ authorization: `Bearer ${await stack.token({ tenant: victim, roles: 'admin' })}` }),
  "somebody with the system tenant's token": async () => ({ authorization: `Bearer ${await stack.token({ tenant: 't_system', roles: 'system' })}` }),
  'somebody with a token like the right one, of another key': async () => ({ authorization: `Bearer ${await lookalike('ES256')}` }),
  'somebody with such a token of another algorithm': async () => ({ authorization: `Bearer ${await lookalike('RS256')}` }),
  'somebody with a token that nobody signed': () => ({
    authorization: `Bearer ${[
      { alg: 'none' },
      { iss: 'urn:nexus:spool', aud: 'nexus-local-worker', email: 'spool@nexus.invalid', email_verified: true, iat: 1, exp: 4e9 },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')}.`,
  }),
  'somebody with a password': () => ({ authorization: 'Basic YTpi' }),
};

describe.each(doors)('POST %s', (door) => {
  test.each(Object.keys(attempts))('by %s: 401, and nothing happens', async (name) => {
    expectRefusal(await send(stack.runner, 'POST', door, { body: push(), headers: (await attempts[name]?.()) ?? {} }), 'auth.unauthenticated');
    expect(await allOfTheVictim()).toEqual(before);
  });

  test('with a grant of the edge: 401, a grant is for other things', async () => {
    const answer: Answer = await stack.askRunner('POST', door, { context: contextOf({ tenant: victim, roles: 'system' }), body: push() });
    expectRefusal(answer, 'auth.unauthenticated');
  });

  test('is not to be had at the edge: 404', async () => {
    expectRefusal(await stack.call('POST', door, { token: await stack.token({ tenant: victim }), body: push() }), 'nexus.not_found');
  });

  test('answers no page that asks first whether it may', async () => {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,authorization' };
    for (const origin of [stack.runner, stack.edge]) {
      const answer = await send(origin, 'OPTIONS', door, { headers });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(Object.keys(answer.headers).filter((header) => header.startsWith('access-control-'))).toEqual([]);
    }
  });
});

test('the runner tells a stranger no more than that it lives', async () => {
  for (const path of ['/', '/nexus/spaces', '/openapi.json', '/worker', '/.env']) {
    expect([path, (await send(stack.runner, 'GET', path)).status >= 400]).toEqual([path, true]);
  }
  expect((await send(stack.runner, 'GET', '/health')).body).toEqual({ status: 'ok' });
});

test('of all this nothing was planted', async () => {
  expect(await allOfTheVictim()).toEqual(before);
  expectRefusal(await stack.call('GET', `/nexus/tasks/${taskId}`, { token: await stack.token({ tenant: victim }) }), 'nexus.not_found');
});
