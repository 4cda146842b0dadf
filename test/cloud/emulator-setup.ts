import type { TestProject } from 'vitest/node';
import { startPubsubEmulator } from './pubsub-emulator.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** `host:port` of the one emulator; each test file has a project of its own in it. */
    pubsubEmulator: string;
  }
}

export default async (project: TestProject): Promise<() => Promise<void>> => {
  const emulator = await startPubsubEmulator();
  project.provide('pubsubEmulator', emulator.host);
  return () => emulator.stop();
};
