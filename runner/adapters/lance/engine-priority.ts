import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';

const threads = '/proc/self/task';
/** As the engine names them; threads that these start later are as they are. */
const engineThread = /^(tokio-rt-worker|lance-cpu)/;
/** Niceness. A third of the weight: enough for the one thread, too little to starve the others where it is never idle. */
const lower = 5;

/**
 * Lets Node's one thread go before the engine's many where there are more of them than cores: it takes requests in,
 * refuses them and answers them, so while it waits everybody does, and it needs little. Linux has a priority for each
 * thread; elsewhere, or where it may not be set, nothing changes.
 */
export const yieldToNode = (): void => {
  if (!existsSync(threads)) return;
  for (const thread of readdirSync(threads)) {
    try {
      if (engineThread.test(readFileSync(`${threads}/${thread}/comm`, 'utf8'))) setPriority(Number(thread), lower);
    } catch {
      // It has ended meanwhile, or may not be set: the others still may.
    }
  }
};
