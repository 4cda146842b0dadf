import type { KpiAggregate } from '../../shared/http/kpi.ts';

/** Facts worked out once more, plainly, from the rows themselves and from what the platform knows of time zones. */

export interface Row {
  ms: number;
  value: number;
}

export const aggregateOf = (rows: readonly Row[], aggregate: KpiAggregate): number => {
  const values = rows.map(({ value }) => value);
  if (aggregate === 'max') return Math.max(...values);
  if (aggregate === 'last') return values.at(-1) as number;
  const sum = values.reduce((total, value) => total + value, 0);
  return aggregate === 'sum' ? sum : sum / values.length;
};

/** Rows of a period, the end excluded. */
export const rowsIn = (rows: readonly Row[], startMs: number, endMs: number): Row[] => rows.filter(({ ms }) => ms >= startMs && ms < endMs);

/** Date and hour by the clocks of a zone: `2026-01-31 09`. */
export const clockIn = (timeZone: string): ((ms: number) => { date: string; hour: number }) => {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit' });
  return (ms) => {
    const of = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
    return { date: `${of.year}-${of.month}-${of.day}`, hour: Number(of.hour) };
  };
};

const dayMs = 86_400_000;
const utcDate = (date: string): number => Date.parse(`${date}T00:00:00Z`);
const dateText = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** A calendar date, so many days before. */
export const daysBefore = (date: string, days: number): string => dateText(utcDate(date) - days * dayMs);

/** Which period of a grain a moment lies in, by name: a date and hour, a date, the Monday of a week, a month. */
export const periodNameIn = (timeZone: string) => {
  const clock = clockIn(timeZone);
  return (grain: string, ms: number): string => {
    const { date, hour } = clock(ms);
    if (grain === 'hour') return `${date} ${hour}`;
    if (grain === 'month') return date.slice(0, 7);
    if (grain === 'week') return daysBefore(date, (new Date(utcDate(date)).getUTCDay() + 6) % 7);
    return date;
  };
};

export const medianOf = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[half] as number) : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2;
};

/** Every number that a sentence shows, without the names of periods, of methods and of what is measured. */
export const numbersIn = (text: string, without: readonly string[]): number[] => {
  const months = 'January|February|March|April|May|June|July|August|September|October|November|December';
  const plain = [...without]
    .reduce((rest, name) => rest.replaceAll(name, ''), text)
    .replaceAll(new RegExp(`\\d{1,2} (${months}) \\d{4}( between \\d\\d:\\d\\d and \\d\\d:\\d\\d)?`, 'g'), '')
    .replaceAll(new RegExp(`(${months}) \\d{4}`, 'g'), '');
  return [...plain.matchAll(/-?\d+(\.\d+)?(e-?\d+)?/g)].map(([number]) => Number(number));
};
