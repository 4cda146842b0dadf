import { defineConfig } from 'vitest/config';

/** What a person sees: the viewer in a real Chromium, which must be there. */
export default defineConfig({
  test: {
    name: 'browser',
    include: ['test/browser/*.test.ts'],
    fileParallelism: false,
    pool: 'forks',
    testTimeout: 300_000,
    hookTimeout: 600_000,
    // Each test goes on where the one before has left the page.
    bail: 1,
  },
});
