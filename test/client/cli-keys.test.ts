import { describe, expect, test } from 'vitest';
import { kvKey } from '../../client/cli/keys/wrangler.ts';
import { apiKeyStoreName } from '../../shared/api-key.ts';
import { sha256Hex } from '../../shared/bytes.ts';
import { nexus, temporaryFolder } from './command-line.ts';

const io = { env: process.env, cwd: '/', out: () => {}, err: () => {}, interactive: false, fetch, now: Date.now };
const ask = ['keys', 'create', '--tenant', 't_a', '--project', 'p1', '--surface', 'marketing,health'];

describe('nexus keys', () => {
  // Each step is a run of wrangler itself, on the KV of a local stack.
  test('makes a key that is shown once and stored as a digest, lists it, and revokes it', async () => {
    const data = await temporaryFolder();
    const made = await nexus([...ask, '--name', 'nightly import', '--ttl', '90d', '--data', data]);
    expect(made).toMatchObject({ code: 0 });
    const [, id = '', secret = ''] = /^nxk_([0-9a-f]{16})_([0-9a-f]{64})\n$/.exec(made.out) ?? [];
    const stored = await kvKey(io, { local: data }, 'get', apiKeyStoreName(id), '--text');
    expect(stored).not.toContain(secret);
    expect(JSON.parse(stored)).toMatchObject({ tenant_id: 't_a', surface_id: ['marketing', 'health'], sha256: sha256Hex(secret), revoked_at: null });

    const listed = await nexus(['keys', 'list', '--data', data]);
    expect(listed.out).toMatch(new RegExp(`^${id}  t_a  writer  good until .*  nightly import\\n$`));

    expect(await nexus(['keys', 'revoke', id, '--data', data])).toMatchObject({ code: 0, err: '' });
    const after = JSON.parse((await nexus(['keys', 'list', '--json', '--data', data])).out) as { keys: { id: string; revoked_at: string }[] };
    expect(after.keys).toMatchObject([{ id, revoked_at: expect.stringMatching(/^\d{4}-/) }]);
    expect(await nexus(['keys', 'revoke', '0'.repeat(16), '--data', data])).toMatchObject({ code: 1, err: expect.stringContaining('cli.no_key: ') });
  }, 300_000);

  test.each([
    [['keys'], /nexus keys create/],
    [['keys', 'make'], /nexus keys create/],
    [['keys', 'revoke'], /nexus keys revoke ID/],
    [['keys', 'revoke', 'all'], /nexus keys revoke ID/],
    [['keys', 'create', '--tenant', 't_a'], /--project is missing/],
    [[...ask, '--ttl', 'soon'], /--ttl must be a time/],
    [[...ask, '--roles', 'admin'], /--platform/],
    [['keys', 'create', '--tenant', 't_system', '--project', 'p1', '--surface', 's1'], /--platform/],
    [[...ask, '--env', 'Prod'], /--env: /],
  ])('%o is refused before anything is written', async (argv, words) => {
    const { code, out, err } = await nexus(argv);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^cli\.usage: /);
    expect(err).toMatch(words);
  });
});
