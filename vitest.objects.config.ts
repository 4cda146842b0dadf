import { defineConfig } from 'vitest/config';

/** The black-box suite once more, with tables, records and blobs on a fake of Google's object store. */
export default defineConfig({
  test: {
    name: 'stack on objects',
    include: ['test/stack/*.test.ts'],
    // What looks at the folders of the disk has nothing to look at.
    exclude: ['test/stack/isolation-of-files.test.ts', 'test/stack/processes.test.ts'],
    globalSetup: ['test/stack/object-store-setup.ts', 'test/stack/common-stack-setup.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
