import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repository } from './running-stack.ts';

/** A runner that lacks what it needs does not start, and says all that it lacks. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nexus-start-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The runner by itself, with this environment and nothing else. */
const runnerWith = async (env: Record<string, string>): Promise<{ code: number | null; stdout: string; told: string; variables: string[] }> => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'runner/main.ts'], {
    cwd: repository,
    env: { PATH: process.env.PATH, TMPDIR: folder, ...env },
    timeout: 30_000,
  });
  let [stdout, told] = ['', ''];
  child.stdout.on('data', (piece) => {
    stdout += piece;
  });
  child.stderr.on('data', (piece) => {
    told += piece;
  });
  const [code] = await once(child, 'close');
  const variables = [...told.matchAll(/^ {2}([A-Z_]+)[.:]/gm)].map(([, name]) => name as string);
  return { code, stdout, told, variables: [...new Set(variables)].sort() };
};

const secret = 'long-enough-to-be-one-in-this-test-but-nowhere-else';
const routes = (root: string) =>
  JSON.stringify({
    routes: [
      { id: 's', kind: 'nexus_store', match: {}, backend: 'lancedb', root },
      { id: 'b', kind: 'nexus_blob_store', match: {}, backend: 'blob', root },
    ],
  });
const local = () => ({
  NEXUS_PROFILE: 'local',
  NEXUS_DATA: folder,
  NEXUS_ROUTES: routes(folder),
  NEXUS_GRANT_SECRET: secret,
  NEXUS_CURSOR_KEYS: `k1:${secret}`,
  PORT: '0',
});

describe.concurrent('the profile cloud', () => {
  test('without anything: exit code 1, and every variable that is missing', async () => {
    const { code, stdout, variables } = await runnerWith({ NEXUS_PROFILE: 'cloud' });
    expect([code, stdout]).toEqual([1, '']);
    expect(variables).toEqual(['NEXUS_CURSOR_KEYS', 'NEXUS_EVENTS', 'NEXUS_GRANT_SECRET', 'NEXUS_ROUTES']);
  });

  test('with secrets that are too short: exit code 1, and they are named but not shown', async () => {
    const weak = 'hunter2'.repeat(4);
    const { code, told, variables } = await runnerWith({ ...local(), NEXUS_PROFILE: 'cloud', NEXUS_GRANT_SECRET: weak, NEXUS_CURSOR_KEYS: `k1:${weak}` });
    expect(code).toBe(1);
    expect(variables).toEqual(expect.arrayContaining(['NEXUS_CURSOR_KEYS', 'NEXUS_GRANT_SECRET']));
    expect(told).not.toContain(weak);
  });

  test('with the spool of a local stack or with an open door for pushes: exit code 1', async () => {
    const { code, variables } = await runnerWith({ ...local(), NEXUS_PROFILE: 'cloud', NEXUS_PUSH_AUTH: 'none' });
    expect([code, variables]).toEqual([1, ['NEXUS_EVENTS', 'NEXUS_PUSH_AUTH']]);
  });
});

describe.concurrent('any profile', () => {
  test('with an empty environment: exit code 1, and every variable that is missing', async () => {
    const { code, variables } = await runnerWith({});
    expect(code).toBe(1);
    expect(variables).toEqual(expect.arrayContaining(['NEXUS_CURSOR_KEYS', 'NEXUS_GRANT_SECRET', 'NEXUS_PROFILE', 'NEXUS_ROUTES']));
  });

  test('with many bad variables: every one of them at once, and nothing is left behind', async () => {
    const bad = {
      NEXUS_PROFILE: 'production',
      NEXUS_ROLE: 'boss',
      PORT: 'http',
      NEXUS_EVENTS: 'kafka',
      NEXUS_PUSH_EMAIL: 'nobody',
      NEXUS_EMBEDDER: 'magic',
      NEXUS_CURSOR_KEYS: 'k1',
      NEXUS_ROUTES: '{',
    };
    const { code, variables } = await runnerWith({ ...local(), ...bad });
    expect([code, variables]).toEqual([1, Object.keys(bad).sort()]);
    expect((await readdir(folder)).filter((name) => !name.startsWith('tsx-'))).toEqual([]);
  });

  test.each([
    [
      'with a tie',
      JSON.stringify({ routes: ['a', 'b'].map((id) => ({ id, kind: 'nexus_store', match: {}, backend: 'lancedb', root: '/r' })) }),
      /NEXUS_ROUTES: .*matches exactly/,
    ],
    ['that is a file which is not there', '/no/such/file.json', /NEXUS_ROUTES: \/no\/such\/file\.json: .*no such file/],
  ])('with a routing registry %s: exit code 1, and what is wrong with it', async (_, registry, words) => {
    const { code, told } = await runnerWith({ ...local(), NEXUS_ROUTES: registry });
    expect(code).toBe(1);
    expect(told).toMatch(words);
  });
});

// After the others: two processes each.
describe('a model on this machine', () => {
  test.each(['without the package', 'with an older version of the package'])('%s that runs it: exit code 1, and the line that installs it', async (how) => {
    const packages = await mkdtemp(join(folder, 'packages-'));
    if (how.startsWith('with an')) {
      const older = join(packages, 'node_modules/@huggingface/transformers');
      await mkdir(older, { recursive: true });
      await writeFile(join(older, 'index.js'), "exports.env = { version: '3.0.2' };");
    }
    const { code, told } = await runnerWith({ ...local(), NEXUS_EMBEDDER: 'onnx', NEXUS_ONNX_MODEL: folder, NEXUS_ONNX_PACKAGES: packages });
    await rm(packages, { recursive: true });
    expect(code).toBe(1);
    expect(told).toContain(`npm install --prefix ${packages} --ignore-scripts @huggingface/transformers@4\n`);
    expect(told).toContain(how.startsWith('with an') ? '(version 3.0.2 is there)' : '(Cannot find module');
  });
});
