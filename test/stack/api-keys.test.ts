import { expect, test } from 'vitest';
import { nexus } from '../client/command-line.ts';
import { commonStack } from './common-stack.ts';

/** A key made on the command line is taken by the running edge at once, for its own tenant alone. */

test('an API key writes and reads in its tenant, and in no other', async () => {
  const stack = commonStack();
  const { data } = stack;
  const claims = ['--project', 'p1', '--surface', 'marketing', '--data', data];
  const made = await nexus(['keys', 'create', '--tenant', 't_keyed', ...claims]);
  const other = await nexus(['keys', 'create', '--tenant', 't_keyed_too', '--roles', 'reader', ...claims]);
  expect([made.code, other.code]).toEqual([0, 0]);
  const [token, stranger] = [made.out.trim(), other.out.trim()];

  const accepted = await stack.call('POST', '/nexus/spaces/keyed/ingest', { token, body: { documents: [{ id: 'd', text: 'locked away' }] } });
  expect(accepted.status).toBe(202);
  const ask = { query: 'locked', after_task: (accepted.body as { task_id: string }).task_id };
  const found = await stack.call('POST', '/nexus/spaces/keyed/query', { token, body: ask });
  expect(found).toMatchObject({ status: 200, body: { hits: [{ doc_id: 'd' }] } });

  const elsewhere = await stack.call('POST', '/nexus/spaces/keyed/query', { token: stranger, body: { query: 'locked' } });
  expect(elsewhere).toMatchObject({ status: 200, body: { hits: [] } });
  const write = await stack.call('POST', '/nexus/spaces/keyed/ingest', { token: stranger, body: { documents: [{ id: 'd', text: 'x' }] } });
  expect(write).toMatchObject({ status: 403, body: { error: { code: 'auth.role_required' } } });
});
