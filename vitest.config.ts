import { defineConfig } from 'vitest/config';

/** The engine is a native addon, which worker threads do not isolate. */
const engine = { pool: 'forks', env: { LANCEDB_LOG: 'error' } } as const;

/** On two cores: what starts processes of its own, or keeps the engine busy, runs one file after another. */
const oneByOne = (groupOrder: number) => ({ fileParallelism: false, sequence: { groupOrder } });

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...engine,
          name: 'tiers',
          include: ['test/**/*.test.ts'],
          exclude: ['test/browser/**', 'test/cloud/**', 'test/onnx/**', 'test/stack/**', 'test/convergence/**', 'test/paging/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...engine,
          ...oneByOne(1),
          // What is promised of many processes, kills and walks: as long as NEXUS_TEST_SCALE asks for.
          name: 'proofs',
          include: ['test/convergence/*.test.ts', 'test/paging/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          ...oneByOne(2),
          // Black-box, on the real stack.
          name: 'stack',
          include: ['test/stack/*.test.ts'],
          globalSetup: ['test/stack/common-stack-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
