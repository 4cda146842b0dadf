import { writeFile } from 'node:fs/promises';
import { jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { utf8 } from '../../shared/bytes.ts';
import { localSecrets, localStack, nexus, temporaryFolder } from './command-line.ts';

const ask = ['token', '--tenant', 't_a', '--project', 'p1', '--surface', 'marketing'];
const opened = async (token: string, secret = localSecrets.jwt_secret) => (await jwtVerify(token.trimEnd(), utf8(secret), { algorithms: ['HS256'] })).payload;

describe('nexus token', () => {
  test("prints one JWT, signed with the local stack's secret, for a writer in dev for an hour", async () => {
    const data = await localStack('http://127.0.0.1:1');
    const { out, err, code } = await nexus(ask, { env: { NEXUS_DATA: data } });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const { iat = 0, exp = 0, ...claims } = await opened(out);
    expect(claims).toEqual({ sub: 'nexus-cli', tenant_id: 't_a', env: 'dev', project_id: 'p1', surface_id: 'marketing', roles: ['writer'] });
    expect(exp - iat).toBe(3600);
    expect(Math.abs(iat - Date.now() / 1000)).toBeLessThan(60);
  });

  test('makes lists of values with commas and takes * for any', async () => {
    const data = await localStack('http://127.0.0.1:1');
    const flags = ['--env', 'dev,staging', '--project', '*', '--surface', 'marketing, health', '--roles', 'reader,writer', '--ttl', '7d', '--subject', 'me'];
    const { out } = await nexus(['token', '--tenant', 't_a', '--data', data, ...flags]);
    const { iat = 0, exp = 0, ...claims } = await opened(out);
    expect(claims).toMatchObject({
      sub: 'me',
      env: ['dev', 'staging'],
      project_id: '*',
      surface_id: ['marketing', 'health'],
      roles: ['reader', 'writer'],
    });
    expect(exp - iat).toBe(7 * 86_400);
  });

  test('signs with NEXUS_JWT_SECRET when that is set', async () => {
    const secret = 's'.repeat(40);
    const { out } = await nexus(ask, { env: { NEXUS_JWT_SECRET: secret, NEXUS_DATA: await localStack('http://127.0.0.1:1') } });
    expect((await opened(out, secret)).tenant_id).toBe('t_a');
  });

  test('says to run npm start when there are no secrets yet', async () => {
    const { code, out, err } = await nexus(ask, { cwd: await temporaryFolder() });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^cli\.no_secrets: .*npm start/);
  });

  test.each([
    ['--tenant', 'acme'],
    ['--tenant', 't_A'],
    ['--env', 'Prod'],
    ['--project', '../x'],
    ['--surface', 'marketing,'],
    ['--roles', 'owner'],
    ['--ttl', 'soon'],
    ['--ttl', '0s'],
  ])('refuses %s %s, naming the flag', async (flag, value) => {
    const { code, out, err } = await nexus([...ask, flag, value], { env: { NEXUS_JWT_SECRET: 's'.repeat(40) } });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(`cli.usage: ${flag}`);
  });

  test('never shows the secret, not even of a damaged file', async () => {
    const data = await localStack('http://127.0.0.1:1');
    await writeFile(`${data}/secrets.json`, `{"jwt_secret": "${localSecrets.jwt_secret}", `);
    const { code, err } = await nexus([...ask, '--data', data]);
    expect(code).toBe(1);
    expect(err).toMatch(/^cli\.unreadable: .*secrets\.json is damaged/);
    expect(err).not.toContain('jjjj');
  });
});
