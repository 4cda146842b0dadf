import { workerData } from 'node:worker_threads';

/**
 * A thread of a reading process, because the other one may be busy for good: ends the process when it holds more than it
 * may, in the heap or beside it, and when the runner that it reads for is gone.
 */

/** At most so long can the process take more. */
const lookEveryMs = 25;

const mayHoldBytes = Number(workerData);
const runner = process.ppid;

setInterval(() => {
  if (process.memoryUsage.rss() > mayHoldBytes || process.ppid !== runner) process.kill(process.pid, 'SIGKILL');
}, lookEveryMs);
