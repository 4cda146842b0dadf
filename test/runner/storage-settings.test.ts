import { describe, expect, test } from 'vitest';
import { EnvironmentError, parseEnvironment } from '../../runner/environment.ts';
import { parseObjectRoot, storageSettings } from '../../runner/storage-settings.ts';

const rooted = (root: string, over: Record<string, string> = {}) => ({
  NEXUS_PROFILE: 'local',
  NEXUS_ROUTES: JSON.stringify({ routes: [{ id: 'store', kind: 'nexus_store', match: {}, backend: 'lancedb', root }] }),
  NEXUS_GRANT_SECRET: 'a-grant-secret-that-only-tests-know',
  NEXUS_CURSOR_KEYS: 'k1:a-cursor-secret-that-only-tests-know',
  NEXUS_DATA: 'data',
  ...over,
});
const problemsOf = (env: Record<string, string>): string => {
  try {
    parseEnvironment(env);
    return '';
  } catch (error) {
    if (error instanceof EnvironmentError) return error.message;
    throw error;
  }
};

const azure = { NEXUS_AZURE_ACCOUNT: 'account', NEXUS_AZURE_KEY: 'a2V5' };

describe('a start', () => {
  test.each([
    ['data/store', {}],
    ['gs://bucket/nexus', {}],
    ['gs://bucket', { NEXUS_GCS_ENDPOINT: 'http://127.0.0.1:1234/' }],
    ['s3://bucket/nexus', { NEXUS_S3_REGION: 'eu-central-1' }],
    ['az://container/nexus', azure],
  ])('with tables on %s and what that store needs is taken', (root, over) => {
    expect(problemsOf(rooted(root, over as Record<string, string>))).toBe('');
  });

  test('with a route to a store that the settings do not reach names the route and the variables', () => {
    expect(problemsOf(rooted('s3://bucket/nexus'))).toContain('NEXUS_ROUTES: route store: s3://bucket/nexus needs NEXUS_S3_REGION');
    expect(problemsOf(rooted('az://container/nexus'))).toContain('NEXUS_AZURE_ACCOUNT and NEXUS_AZURE_KEY');
  });

  test('with half of a credential names the other half, beside all other problems', () => {
    const problems = problemsOf(rooted('data', { NEXUS_S3_ACCESS_KEY_ID: 'id', NEXUS_AZURE_KEY: 'a2V5', NEXUS_GCS_ENDPOINT: 'no url' }));
    expect(problems).toContain('NEXUS_S3_SECRET_ACCESS_KEY: is needed beside NEXUS_S3_ACCESS_KEY_ID');
    expect(problems).toContain('NEXUS_AZURE_ACCOUNT: is needed beside NEXUS_AZURE_KEY');
    expect(problems).toContain('NEXUS_GCS_ENDPOINT: ');
    expect(problems).not.toContain('a2V5');
  });
});

test('a root is taken apart into store, bucket and prefix; a folder is none', () => {
  expect(parseObjectRoot('gs://bucket')).toEqual({ scheme: 'gs', bucket: 'bucket', prefix: '' });
  expect(parseObjectRoot('s3://bucket/some/prefix//')).toEqual({ scheme: 's3', bucket: 'bucket', prefix: 'some/prefix' });
  expect(parseObjectRoot('/gs/bucket')).toBeUndefined();
  expect(parseObjectRoot('file:///gs://bucket')).toBeUndefined();
});

test('an endpoint’s closing slash means nothing', () => {
  expect(storageSettings({ NEXUS_GCS_ENDPOINT: 'http://localhost:1/' }).gcs.endpoint).toBe('http://localhost:1');
});
