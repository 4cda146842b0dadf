import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** How far ahead the clock is reserved on disk: one small write per this time, not per event. Microseconds. */
const reserveMicros = 10_000_000;

/**
 * The spool's clock: Unix microseconds, each stamp greater than the one before, also when the machine's clock is set
 * back and across restarts: what a process may have handed out was reserved on disk first.
 */
export const spoolClock = (path: string, nowMs: () => number): (() => number) => {
  const reservedBefore = (): number => {
    try {
      const value = Number(readFileSync(path, 'utf8'));
      return Number.isSafeInteger(value) ? value : 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
      throw error;
    }
  };
  let reserved = reservedBefore();
  let last = reserved;

  return () => {
    last = Math.max(last + 1, Math.trunc(nowMs() * 1000));
    if (last >= reserved) {
      reserved = last + reserveMicros;
      writeFileSync(`${path}.new`, String(reserved), { mode: 0o600, flush: true });
      renameSync(`${path}.new`, path);
    }
    return last;
  };
};
