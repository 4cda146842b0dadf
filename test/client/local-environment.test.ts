import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tierRoutes } from '../../local/routes-default.ts';
import { openDataFolder } from '../../local/secrets.ts';
import { edgeBindings, envFileText, runnerEnvironment, type TierFacts } from '../../local/tier-environment.ts';
import { temporaryFolder, writeFiles } from './command-line.ts';

describe('routes', () => {
  const registry = { routes: [{ id: 'a', kind: 'nexus_store', match: { env: 'dev' }, backend: 'lancedb', root: '/r' }] };

  test('are by default one for tables and one for blobs, for everybody, in the data folder', async () => {
    const { edge, runner } = await tierRoutes(undefined, '/data', 'http://127.0.0.1:1', '/');
    expect(edge).toBe(runner);
    const match = { tenant_id: '*', env: '*', project_id: '*', surface_id: '*' };
    expect(JSON.parse(edge).routes).toEqual([
      { id: 'default-store', kind: 'nexus_store', match, backend: 'lancedb', root: '/data/store', runners: ['http://127.0.0.1:1'] },
      { id: 'default-blobs', kind: 'nexus_blob_store', match, backend: 'blob', root: '/data/blobs', runners: ['http://127.0.0.1:1'] },
    ]);
  });

  test('in a file are read for the edge, and named by their full path for the runner', async () => {
    const cwd = await temporaryFolder();
    await writeFiles(cwd, { 'routes.json': JSON.stringify(registry, null, 2) });
    expect(await tierRoutes('routes.json', '/data', 'http://r', cwd)).toEqual({ runner: join(cwd, 'routes.json'), edge: JSON.stringify(registry) });
  });

  test('that are none are told before anything starts', async () => {
    await expect(tierRoutes('{"routes": [{}]}', '/d', 'http://r', '/')).rejects.toThrow(/NEXUS_ROUTES is not a routing registry/);
    await expect(tierRoutes('missing.json', '/d', 'http://r', '/nowhere')).rejects.toThrow(/neither JSON nor a file/);
  });
});

describe('the environment of a tier', () => {
  const facts: TierFacts = {
    data: '/data',
    secrets: { jwt_secret: 'j'.repeat(40), grant_secret: 'g'.repeat(40), cursor_keys: `k1:${'c'.repeat(40)}` },
    routes: { runner: '/routes.json', edge: '{"routes":[]}' },
    runnerPort: 4321,
    runnerUrl: 'http://127.0.0.1:4321',
  };
  const shell = {
    PATH: '/bin',
    NEXUS_EMBEDDER: 'hashing',
    NEXUS_TOKEN: 'mine',
    NEXUS_URL: 'http://x',
    NEXUS_DATA: '/other',
    NEXUS_PROFILE: 'cloud',
    PORT: '1',
  };

  test('holds the contract variables of the shell, but neither its credential nor its address', () => {
    for (const env of [runnerEnvironment(shell, facts), edgeBindings(shell, facts)]) {
      expect(env).toMatchObject({ NEXUS_EMBEDDER: 'hashing', NEXUS_GRANT_SECRET: facts.secrets.grant_secret, NEXUS_CURSOR_KEYS: facts.secrets.cursor_keys });
      expect(Object.keys(env)).not.toContain('NEXUS_TOKEN');
      expect(Object.keys(env)).not.toContain('NEXUS_URL');
    }
  });

  test('gives the keys of vendors to the runner alone', () => {
    const keys = { NEXUS_EMBEDDER_KEY: 'e', NEXUS_RERANKER_KEY: 'r' };
    expect(runnerEnvironment({ ...shell, ...keys }, facts)).toMatchObject(keys);
    expect(edgeBindings({ ...shell, ...keys }, facts)).not.toHaveProperty('NEXUS_EMBEDDER_KEY');
    expect(edgeBindings({ ...shell, ...keys }, facts)).not.toHaveProperty('NEXUS_RERANKER_KEY');
  });

  test('is local for the runner, on the port and folder of this stack, without the secret that makes tokens', () => {
    const env = runnerEnvironment({ ...shell, NEXUS_JWT_SECRET: 'x'.repeat(40) }, facts);
    expect(env).toMatchObject({ PATH: '/bin', NEXUS_PROFILE: 'local', NEXUS_EVENTS: 'local', PORT: '4321', NEXUS_DATA: '/data', NEXUS_ROUTES: '/routes.json' });
    expect(env.NEXUS_JWT_SECRET).toBeUndefined();
  });

  test('of the edge holds nothing of the object stores, whose credentials are the runner’s', () => {
    const storage = { NEXUS_S3_SECRET_ACCESS_KEY: 'secret', NEXUS_AZURE_KEY: 'a2V5', NEXUS_GCS_ENDPOINT: 'http://127.0.0.1:1' };
    expect(runnerEnvironment({ ...shell, ...storage }, facts)).toMatchObject(storage);
    expect(Object.keys(edgeBindings({ ...shell, ...storage }, facts)).filter((name) => name in storage)).toEqual([]);
  });

  test('names every variable that the edge could not start with', () => {
    const start = () => edgeBindings({ NEXUS_RUNNERS: 'nowhere', NEXUS_PLATFORM_KEYS: 'everybody' }, facts);
    expect(start).toThrow(/NEXUS_RUNNERS/);
    expect(start).toThrow(/NEXUS_PLATFORM_KEYS/);
  });

  test('keeps quotes and dollars in the file that the edge reads', () => {
    expect(envFileText({ A: '{"root":"/$HOME"}', B: "it's" })).toBe('A=\'{"root":"/\\$HOME"}\'\nB=`it\'s`\n');
  });
});

describe('the data folder', () => {
  test('is made with everything above it, closed to other users', async () => {
    const folder = join(await temporaryFolder(), 'a/b');
    await openDataFolder(folder);
    await openDataFolder(folder);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  test('that cannot be made is told at once, and what to do', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    // Node's own recursive mkdir never ends below /proc.
    for (const folder of ['/proc/nexus', '/proc/nexus/data', file, join(file, 'below')])
      await expect(openDataFolder(folder)).rejects.toThrow(/cannot be a folder: .*Choose another with --data DIR/);
  });
});
