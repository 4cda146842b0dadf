// Loaded into every process that the stack starts. The stack holds the other end of standard input: when the stack
// is gone, however it died, the pipe closes, and the whole process group ends instead of living on unseen.
import { isMainThread } from 'node:worker_threads';

// As long as the stack itself gives: limits.stopTimeoutMs, which plain JavaScript cannot import.
const graceMs = 10_000;

if (isMainThread) {
  process.stdin.on('error', () => {});
  process.stdin.on('close', () => {
    setTimeout(() => process.kill(0, 'SIGKILL'), graceMs).unref();
    process.kill(0, 'SIGTERM');
  });
  process.stdin.resume();
  process.stdin.unref();
}
