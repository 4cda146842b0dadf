import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseBindings } from '../../edge/bindings.ts';
import worker from '../../edge/worker.ts';
import { environment, expectRefusal } from './edge-under-test.ts';

const request = (path = '/health', headers: Record<string, string> = {}) => new Request(`http://localhost${path}`, { headers });

describe('the entry of the Worker', () => {
  const errors: string[] = [];
  beforeEach(() => {
    errors.length = 0;
    vi.spyOn(console, 'error').mockImplementation((line: string) => errors.push(line));
  });
  afterEach(() => vi.restoreAllMocks());

  test('serves with a good configuration, and ignores what is not the edge’s', async () => {
    const answer = await worker.fetch(request(), { ...environment, SOMEBODY_ELSES: {}, NEXUS_EMBEDDER: 'x' });
    expect([answer.status, errors]).toEqual([200, []]);
    expect(answer.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/);
  });

  test('with a bad one answers everything with 500, and logs every bad variable once, and no value', async () => {
    const env = {
      NEXUS_GRANT_SECRET: 'tooshort-hunter2',
      NEXUS_CURSOR_KEYS: 'k1:short',
      NEXUS_ROUTES: '{',
      NEXUS_PLATFORM_KEYS: 'secret,all',
      NEXUS_RUNNERS: 'ftp://x',
    };
    for (const path of ['/health', '/nexus/spaces', '/nope']) {
      const error = await expectRefusal(await worker.fetch(request(path, { 'x-request-id': 'mine' }), env), 'nexus.internal');
      expect(error.request_id).toBe('mine');
      expect(JSON.stringify(error)).not.toContain('NEXUS_');
    }
    const told = errors
      .map((line) => JSON.parse(line) as { event: string; variables: { name: string }[] })
      .filter(({ event }) => event === 'bad_configuration');
    expect(told).toHaveLength(1);
    const names = new Set(told[0]?.variables.map(({ name }) => name.split('.')[0]));
    expect([...names].sort()).toEqual(['NEXUS_CURSOR_KEYS', 'NEXUS_GRANT_SECRET', 'NEXUS_JWT_SECRET', 'NEXUS_PLATFORM_KEYS', 'NEXUS_ROUTES', 'NEXUS_RUNNERS']);
    expect(errors.join()).not.toContain('hunter2');
  });
});

describe('a bad start names', () => {
  const problems = (changed: Record<string, unknown>) => {
    const parsed = parseBindings({ ...environment, ...changed });
    return 'problems' in parsed ? parsed.problems.map(({ name }) => name.split('.')[0]) : [];
  };

  test.each<[string, Record<string, unknown>]>([
    ['NEXUS_JWT_SECRET', { NEXUS_JWT_SECRET: undefined }],
    ['NEXUS_JWT_SECRET', { NEXUS_JWT_SECRET: 'x'.repeat(31) }],
    ['NEXUS_JWT_SECRET', { NEXUS_JWT_SECRET: '' }],
    ['NEXUS_GRANT_SECRET', { NEXUS_GRANT_SECRET: undefined }],
    ['NEXUS_GRANT_SECRET', { NEXUS_GRANT_SECRET: environment.NEXUS_JWT_SECRET }],
    ['NEXUS_CURSOR_KEYS', { NEXUS_CURSOR_KEYS: undefined }],
    ['NEXUS_CURSOR_KEYS', { NEXUS_CURSOR_KEYS: `k1:${'x'.repeat(32)},k1:${'y'.repeat(32)}` }],
    ['NEXUS_JWKS_URL', { NEXUS_JWKS_URL: 'http://issuer.test/keys' }],
    ['NEXUS_JWKS_URL', { NEXUS_JWKS_URL: 'keys' }],
    ['NEXUS_JWT_ISSUER', { NEXUS_JWT_ISSUER: '' }],
    ['NEXUS_JWT_AUDIENCE', { NEXUS_JWT_AUDIENCE: '' }],
    ['NEXUS_ROUTES', { NEXUS_ROUTES: '{"routes":[{}]}' }],
    ['NEXUS_CONFIG', { NEXUS_CONFIG: 'a text' }],
    ['NEXUS_RATE_LIMIT', { NEXUS_RATE_LIMIT: {} }],
    ['ASSETS', { ASSETS: 'a text' }],
    ['NEXUS_CORS_ORIGINS', { NEXUS_CORS_ORIGINS: 'https://app.example/' }],
    ['NEXUS_CORS_ORIGINS', { NEXUS_CORS_ORIGINS: 'app.example' }],
    ['NEXUS_RUNNER_SERVICE_ACCOUNT', { NEXUS_RUNNER_SERVICE_ACCOUNT: 'edge@project.iam.example' }],
    ['NEXUS_RUNNER_SERVICE_ACCOUNT', { NEXUS_RUNNER_SERVICE_ACCOUNT: '{"client_email":"edge@project.iam.example","private_key":"x"}' }],
    ['NEXUS_RUNNERS', { NEXUS_RUNNERS: 'http://a.test,,http://b.test' }],
  ])('%s for %o', (name, changed) => expect(new Set(problems(changed))).toEqual(new Set([name])));

  test('two routes that match the same: a tie is told at the start', () => {
    const { routes } = JSON.parse(environment.NEXUS_ROUTES) as { routes: Record<string, unknown>[] };
    expect(problems({ NEXUS_ROUTES: JSON.stringify({ routes: [...routes, { ...routes[0], id: 'twin' }] }) })).toEqual(['NEXUS_ROUTES']);
  });

  test('nothing for a key set over https, or over http on this machine', () => {
    for (const url of ['https://issuer.test/keys', 'http://127.0.0.1:8080/keys', 'http://localhost/keys', 'http://[::1]/keys']) {
      expect(problems({ NEXUS_JWKS_URL: url, NEXUS_JWT_SECRET: undefined }), url).toEqual([]);
    }
  });
});
