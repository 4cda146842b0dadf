import { Temporal } from 'temporal-polyfill';

const pattern = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?(?: ?([Zz]|[+-]\d{2}(?::?\d{2})?))?$/;

const offsetMs = (zone: string): number => {
  if (/^z$/i.test(zone)) return 0;
  const [hours = 0, minutes = 0] = [zone.slice(1, 3), zone.slice(3).replace(':', '')].map((part) => Number(part || 0));
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
};

const earliestMs = Date.UTC(1900, 0, 1);
const latestMs = Date.UTC(2200, 0, 1);

/** Reads when something was measured, as Unix microseconds; undefined when that is not a time between 1900 and 2200. */
export type ReadTime = (text: string) => number | undefined;

/**
 * A date, or a date and a time, as RFC 3339 and ISO 8601 write them. Without an offset it is what the clocks of the time
 * zone show: an hour that comes twice is the first one, one that is skipped is the same time before the clocks changed.
 */
export const readTimeIn = (timeZone: string): ReadTime => {
  /** Offsets change at most with the hour: a whole file asks the calendar once for each of its hours. */
  const hours = new Map<string, number>();
  const localMs = (date: string, hour: string): number => {
    const key = `${date}T${hour}`;
    const known = hours.get(key) ?? Temporal.PlainDateTime.from(`${key}:00`).toZonedDateTime(timeZone).epochMilliseconds;
    hours.set(key, known);
    return known;
  };

  return (text) => {
    const match = pattern.exec(text.trim());
    if (match === null) return undefined;
    const [, date = '', hour = '00', minute = '00', second = '00', fraction = '', zone] = match;
    const midnight = new Date(`${date}T00:00:00Z`);
    if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== date) return undefined;
    if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
    const baseMs = zone === undefined ? localMs(date, hour) : midnight.getTime() + Number(hour) * 3_600_000 - offsetMs(zone);
    const ms = baseMs + Number(minute) * 60_000 + Number(second) * 1000;
    return ms < earliestMs || ms >= latestMs ? undefined : ms * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
  };
};
