/** Structured events; never content, never secrets. */
export interface Log {
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fields?: Record<string, unknown>): void;
}

/**
 * Writes the lines of one turn of the event loop at once, after it: a write to a pipe blocks, and an answer need not wait
 * for its own line. What is left when the process exits is written then.
 */
export const linesTogether = (write: (lines: string) => void): ((line: string) => void) => {
  let lines = '';
  const flush = (): void => {
    if (lines !== '') write(lines);
    lines = '';
  };
  process.on('exit', flush);
  return (line) => {
    if (lines === '') setImmediate(flush);
    lines += line;
  };
};

/** One JSON line per event. */
export const jsonLog = (write: (line: string) => void, now: () => Date): Log => {
  const at =
    (severity: string) =>
    (event: string, fields: Record<string, unknown> = {}) =>
      write(`${JSON.stringify({ time: now().toISOString(), severity, event, ...fields })}\n`);
  return { info: at('INFO'), warn: at('WARNING'), error: at('ERROR') };
};
