import { defineConfig } from 'vitest/config';

/** Local models, by the real Transformers.js: the setup installs it into a folder of its own, or says loudly that it cannot. */
export default defineConfig({
  test: {
    name: 'onnx',
    include: ['test/onnx/*.test.ts'],
    globalSetup: ['test/onnx/install-transformers.ts'],
    fileParallelism: false,
    pool: 'forks',
    env: { LANCEDB_LOG: 'error' },
    testTimeout: 120_000,
    hookTimeout: 600_000,
  },
});
