import { defineConfig } from 'vitest/config';

/** What runs against the emulators that the cloud's makers give: the setup starts them, or says loudly what is missing. */
export default defineConfig({
  test: {
    name: 'cloud',
    include: ['test/cloud/*.test.ts'],
    globalSetup: ['test/cloud/emulator-setup.ts'],
    fileParallelism: false,
    pool: 'forks',
    env: { LANCEDB_LOG: 'error' },
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
