import { describe, expect, test } from 'vitest';
import { parseEnvironment } from '../../runner/environment.ts';

const secret = 'long-enough-to-be-one-in-this-test-but-nowhere-else';
const base = {
  ...{ NEXUS_PROFILE: 'local', NEXUS_ROUTES: '/routes.json', NEXUS_DATA: '/data' },
  ...{ NEXUS_GRANT_SECRET: secret, NEXUS_CURSOR_KEYS: `k1:${secret}` },
};

/** Names of the variables that a bad start tells of. */
const told = (env: Record<string, string>): string[] => {
  try {
    parseEnvironment({ ...base, ...env });
    return [];
  } catch (error) {
    return [...new Set([...(error as Error).message.matchAll(/^ {2}([A-Z_]+)[.:]/gm)].map(([, name]) => name as string))].sort();
  }
};

describe('variables of the models', () => {
  test.each([
    ['openai', ['NEXUS_EMBEDDER_KEY', 'NEXUS_EMBEDDER_MODEL']],
    ['cohere', ['NEXUS_EMBEDDER_KEY', 'NEXUS_EMBEDDER_MODEL']],
    ['vertex', ['NEXUS_EMBEDDER_LOCATION', 'NEXUS_EMBEDDER_MODEL', 'NEXUS_EMBEDDER_PROJECT']],
    ['workers-ai', ['NEXUS_EMBEDDER_ACCOUNT', 'NEXUS_EMBEDDER_KEY', 'NEXUS_EMBEDDER_MODEL']],
    ['onnx', ['NEXUS_ONNX_MODEL']],
    ['hashing', []],
  ])('%s names all that it lacks', (kind, missing) => {
    expect(told({ NEXUS_EMBEDDER: kind })).toEqual(missing);
  });

  test.each([
    ['NEXUS_EMBEDDER_MODEL', 'a-model'],
    ['NEXUS_EMBEDDER_MODEL', 'a-model@0'],
    ['NEXUS_EMBEDDER_MODEL', 'a-model@5000'],
    ['NEXUS_EMBEDDER_MODEL', 'a-model@8,'],
    ['NEXUS_EMBEDDER_URL', 'models.example'],
    ['NEXUS_EMBEDDER_URL', 'ftp://models.example'],
    ['NEXUS_EMBEDDER_URL', `https://me:${secret}@models.example`],
    ['NEXUS_EMBEDDER_URL', `https://models.example?key=${secret}`],
    ['NEXUS_EMBEDDER_CONCURRENCY', '0'],
    ['NEXUS_EMBEDDER_BATCH_INPUTS', 'many'],
    ['NEXUS_EMBEDDER_BATCH_TOKENS', '-1'],
    ['NEXUS_EMBEDDER_TIMEOUT_MS', '1e9'],
    ['NEXUS_EMBEDDER_FUSION_WEIGHT', '-1'],
    ['NEXUS_EMBEDDER_ASK_DIMENSION', 'yes'],
  ])('%s=%s is refused by name, and not shown', (name, value) => {
    const env = { NEXUS_EMBEDDER: 'openai', NEXUS_EMBEDDER_URL: 'https://models.example/v1', NEXUS_EMBEDDER_MODEL: 'a-model@8', [name]: value };
    expect(told(env)).toEqual([name]);
    expect(() => parseEnvironment({ ...base, ...env })).not.toThrow(secret);
  });

  test.each([
    [{ NEXUS_EMBEDDER: 'onnx', NEXUS_ONNX_MODEL: './a-folder' }, ['NEXUS_ONNX_MODEL']],
    [{ NEXUS_EMBEDDER: 'onnx', NEXUS_ONNX_MODEL: '../a-folder' }, ['NEXUS_ONNX_MODEL']],
    [{ NEXUS_EMBEDDER: 'onnx', NEXUS_ONNX_MODEL: 'a/folder/deep' }, ['NEXUS_ONNX_MODEL']],
    [{ NEXUS_EMBEDDER: 'onnx', NEXUS_ONNX_MODEL: '/a-folder', NEXUS_EMBEDDER_MODEL: 'a-model@8' }, ['NEXUS_EMBEDDER_MODEL']],
    [{ NEXUS_EMBEDDER: 'onnx', NEXUS_ONNX_MODEL: '/a', NEXUS_ONNX_POOLING: 'max', NEXUS_ONNX_DTYPE: 'q9' }, ['NEXUS_ONNX_DTYPE', 'NEXUS_ONNX_POOLING']],
    [{ NEXUS_EMBEDDER: 'onnx', NEXUS_ONNX_MODEL: '/a', NEXUS_ONNX_PACKAGES: 'packages' }, ['NEXUS_ONNX_PACKAGES']],
    [{ NEXUS_ONNX_MODEL: '/a-folder' }, ['NEXUS_ONNX_MODEL']],
    [{ NEXUS_EMBEDDER: 'onnx', NEXUS_ONNX_MODEL: '/models/bge-small', NEXUS_ONNX_POOLING: 'cls', NEXUS_ONNX_DTYPE: 'q8' }, []],
    [{ NEXUS_EMBEDDER: 'onnx', NEXUS_ONNX_MODEL: 'owner/a-model_v1.5' }, []],
  ] as [Record<string, string>, string[]][])('of a local model: %o tells of %o', (env, names) => {
    expect(told(env)).toEqual(names);
  });

  test.each([
    [{ NEXUS_RERANKER: 'cohere' }, ['NEXUS_RERANKER_KEY', 'NEXUS_RERANKER_MODEL']],
    [{ NEXUS_RERANKER: 'jina', NEXUS_RERANKER_URL: 'http://127.0.0.1:1' }, ['NEXUS_RERANKER_MODEL']],
    [{ NEXUS_RERANKER: 'tei' }, ['NEXUS_RERANKER_URL']],
    [{ NEXUS_RERANKER_URL: 'http://127.0.0.1:1' }, ['NEXUS_RERANKER_URL']],
    [{ NEXUS_RERANKER: 'magic', NEXUS_RERANKER_DEADLINE_MS: '0' }, ['NEXUS_RERANKER', 'NEXUS_RERANKER_DEADLINE_MS']],
    [{ NEXUS_RERANKER: 'tei', NEXUS_RERANKER_URL: 'http://127.0.0.1:1' }, []],
  ] as [Record<string, string>, string[]][])('of the reranker: %o tells of %o', (env, names) => {
    expect(told(env)).toEqual(names);
  });

  test('a model without its embedder is not passed over in silence', () => {
    expect(told({ NEXUS_EMBEDDER_MODEL: 'a-model@8' })).toEqual(['NEXUS_EMBEDDER_MODEL']);
  });

  test('models may be several, and have @ and / in their names', () => {
    const env = { NEXUS_EMBEDDER: 'workers-ai', NEXUS_EMBEDDER_KEY: 'k', NEXUS_EMBEDDER_ACCOUNT: 'a', NEXUS_EMBEDDER_MODEL: '@cf/baai/bge-m3@1024, small@384' };
    expect(parseEnvironment({ ...base, ...env }).NEXUS_EMBEDDER_MODEL).toEqual([
      { name: '@cf/baai/bge-m3', dimension: 1024 },
      { name: 'small', dimension: 384 },
    ]);
  });
});
