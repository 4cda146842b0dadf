import { decodeJwt, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { utf8 } from '../../shared/bytes.ts';
import { localSecrets, localStack, nexus, temporaryFolder } from './command-line.ts';
import { json, type Seen, startFakeEdge } from './fake-edge.ts';

const noSpaces = () => json({ spaces: [], next_cursor: null });
const tokenOf = (seen: Seen | undefined): string => String(seen?.headers.authorization).replace('Bearer ', '');

describe('where to', () => {
  test('--url wins over NEXUS_URL, and that over the local stack', async () => {
    const [flag, variable, local] = await Promise.all([startFakeEdge(noSpaces), startFakeEdge(noSpaces), startFakeEdge(noSpaces)]);
    const data = await localStack(local.url);
    const env = { NEXUS_DATA: data, NEXUS_TOKEN: 'tok' };
    await nexus(['spaces', '--url', flag.url], { env: { ...env, NEXUS_URL: variable.url } });
    await nexus(['spaces'], { env: { ...env, NEXUS_URL: variable.url } });
    await nexus(['spaces'], { env });
    expect([flag, variable, local].map(({ seen }) => seen.length)).toEqual([1, 1, 1]);
  });

  test('--data wins over NEXUS_DATA', async () => {
    const [flag, variable] = await Promise.all([startFakeEdge(noSpaces), startFakeEdge(noSpaces)]);
    await nexus(['spaces', '--data', await localStack(flag.url)], { env: { NEXUS_DATA: await localStack(variable.url) } });
    expect([flag.seen.length, variable.seen.length]).toEqual([1, 0]);
  });

  test('says what to do when nothing runs', async () => {
    const { code, err } = await nexus(['spaces'], { cwd: await temporaryFolder() });
    expect(code).toBe(1);
    expect(err).toMatch(/^cli\.no_stack: .*npm start/);
  });
});

describe('as whom', () => {
  test('--token wins over NEXUS_TOKEN', async () => {
    const edge = await startFakeEdge(noSpaces);
    const env = { NEXUS_URL: edge.url, NEXUS_TOKEN: 'variable' };
    await nexus(['spaces', '--token', 'flag'], { env });
    await nexus(['spaces'], { env });
    expect(edge.seen.map(tokenOf)).toEqual(['flag', 'variable']);
  });

  test('without a token, as a writer of t_local with a token that the local stack takes', async () => {
    const edge = await startFakeEdge(noSpaces);
    const { code } = await nexus(['spaces'], { env: { NEXUS_DATA: await localStack(edge.url) } });
    expect(code).toBe(0);
    const { payload } = await jwtVerify(tokenOf(edge.seen[0]), utf8(localSecrets.jwt_secret), { algorithms: ['HS256'] });
    expect(payload).toMatchObject({ tenant_id: 't_local', env: 'dev', project_id: 'default', surface_id: 'default', roles: ['writer'] });
  });

  test('--env, --project and --surface are sent as headers, and are what a token made here allows', async () => {
    const edge = await startFakeEdge(noSpaces);
    await nexus(['spaces', '--env', 'prod', '--project', 'p1', '--surface', 'health'], { env: { NEXUS_DATA: await localStack(edge.url) } });
    expect(edge.seen[0]?.headers).toMatchObject({ 'x-env': 'prod', 'x-project-id': 'p1', 'x-surface-id': 'health' });
    expect(decodeJwt(tokenOf(edge.seen[0]))).toMatchObject({ env: 'prod', project_id: 'p1', surface_id: 'health' });
  });

  test('a token made for the local stack is never sent anywhere else', async () => {
    const [local, other] = await Promise.all([startFakeEdge(noSpaces), startFakeEdge(noSpaces)]);
    const { code, err } = await nexus(['spaces', '--url', other.url], { env: { NEXUS_DATA: await localStack(local.url) } });
    expect(code).toBe(1);
    expect(err).toMatch(/^cli\.no_token: /);
    expect(other.seen).toEqual([]);
  });

  test('standard output has the result alone; --verbose says on standard error where and as whom, without the token', async () => {
    const edge = await startFakeEdge(noSpaces);
    const { out, err } = await nexus(['spaces', '--verbose', '--json'], { env: { NEXUS_DATA: await localStack(edge.url) } });
    expect(JSON.parse(out)).toEqual({ spaces: [], next_cursor: null });
    expect(err).toContain(edge.url);
    expect(err).toContain('t_local');
    expect(err).not.toContain(tokenOf(edge.seen[0]));
  });
});
