/**
 * Times on the wire are RFC 3339 in UTC with microseconds, because `seq` counts microseconds: what a hit says as
 * `updated_at` can be put back into a filter and means the same instant.
 */

/** Unix microseconds → `2026-01-02T03:04:05.678901Z`. */
export const formatMicros = (micros: number): string => {
  const ms = Math.floor(micros / 1000);
  const rest = micros - ms * 1000;
  return `${new Date(ms).toISOString().slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
};

const rfc3339 = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/** RFC 3339 with any offset → Unix microseconds (finer digits are dropped); undefined when it is not a time. */
export const parseMicros = (text: string): number | undefined => {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [, date, clock, fraction = '', zone] = match;
  const seconds = Date.parse(`${date}T${clock}${zone?.toUpperCase()}`);
  if (Number.isNaN(seconds) || new Date(Date.parse(`${date}T00:00:00Z`)).toISOString().slice(0, 10) !== date) return undefined;
  return seconds * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
};
