import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../shared/limits.ts';
import { type Child, childFailed } from './children.ts';

const pollMs = 100;
const tryMs = 2000;

const isHealthy = async (url: string): Promise<boolean> => {
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(tryMs) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
};

/** @throws StartError after `limits.startTimeoutMs`, or the signal's reason */
export const untilHealthy = async (child: Child, url: string, signal: AbortSignal): Promise<void> => {
  const deadline = Date.now() + limits.startTimeoutMs;
  while (!(await isHealthy(url))) {
    if (Date.now() > deadline) throw childFailed(child, `did not answer 200 at ${url}/health within ${limits.startTimeoutMs / 1000} seconds`);
    await sleep(pollMs, undefined, { signal });
  }
};
