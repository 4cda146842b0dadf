/** Structured events; never content, never secrets. */
export interface Log {
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fields?: Record<string, unknown>): void;
}

/** One JSON line per event. */
export const jsonLog = (write: (line: string) => void, now: () => Date): Log => {
  const at =
    (severity: string) =>
    (event: string, fields: Record<string, unknown> = {}) =>
      write(`${JSON.stringify({ time: now().toISOString(), severity, event, ...fields })}\n`);
  return { info: at('INFO'), warn: at('WARNING'), error: at('ERROR') };
};
