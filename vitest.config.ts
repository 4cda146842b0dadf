import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'tiers',
          include: ['test/**/*.test.ts'],
          exclude: ['test/stack/**'],
          // The engine is a native addon, which worker threads do not isolate.
          pool: 'forks',
          env: { LANCEDB_LOG: 'error' },
          testTimeout: 30_000,
        },
      },
      {
        test: {
          // Black-box tests on real processes: one file after another, after everything else, for two cores.
          name: 'stack',
          include: ['test/stack/*.test.ts'],
          globalSetup: ['test/stack/common-stack-setup.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
