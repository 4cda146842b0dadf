import { Temporal } from 'temporal-polyfill';
import { type KpiGrain, kpiGrains } from '../../shared/http/kpi.ts';

/** A stretch of a metric's own calendar. Unix milliseconds; the end is the next period's start. */
export interface Period {
  grain: KpiGrain;
  startMs: number;
  endMs: number;
}

/** Periods of one time zone. Days have 23 to 25 hours where clocks are changed; weeks begin on Monday (ISO 8601). */
export interface Calendar {
  readonly timeZone: string;
  periodAt(grain: KpiGrain, ms: number): Period;
  /** Start of the period that lies this much earlier on the calendar. */
  earlierMs(period: Period, by: { days?: number; weeks?: number; years?: number }): number;
  /** Names a period in ids: `2011-07-05T14Z`, `2011-07-05`, `2011-W27`, `2011-07`. */
  key(period: Period): string;
  /** Names it in a sentence: "on Tuesday 5 July 2011", "in July 2011". */
  phrase(period: Period): string;
  /** The same without "on" or "in". */
  name(period: Period): string;
  /** Hour of the day by the zone's clocks, and day of the week, Monday 0. */
  clock(ms: number): { hour: number; weekday: number };
}

const hourMs = 3_600_000;
/** Usual lengths, to tell which grains a series can fill. */
export const usualMs: Record<KpiGrain, number> = { hour: hourMs, day: 24 * hourMs, week: 168 * hourMs, month: 730 * hourMs };

const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const two = (number: number): string => String(number).padStart(2, '0');

export const calendarOf = (timeZone: string): Calendar => {
  const zoned = (ms: number): Temporal.ZonedDateTime => Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone);

  const make: Record<KpiGrain, (ms: number) => Omit<Period, 'grain'>> = {
    hour(ms) {
      const day = periodAt('day', ms);
      const startMs = day.startMs + Math.floor((ms - day.startMs) / hourMs) * hourMs;
      return { startMs, endMs: Math.min(startMs + hourMs, day.endMs) };
    },
    day(ms) {
      const start = zoned(ms).startOfDay();
      return { startMs: start.epochMilliseconds, endMs: start.add({ days: 1 }).startOfDay().epochMilliseconds };
    },
    week(ms) {
      const day = zoned(ms);
      const start = day.subtract({ days: day.dayOfWeek - 1 }).startOfDay();
      return { startMs: start.epochMilliseconds, endMs: start.add({ days: 7 }).startOfDay().epochMilliseconds };
    },
    month(ms) {
      const start = zoned(ms).with({ day: 1 }).startOfDay();
      return { startMs: start.epochMilliseconds, endMs: start.add({ months: 1 }).startOfDay().epochMilliseconds };
    },
  };

  /** Measurements are asked for in order of time, so the answer is mostly the last one. */
  const latest: Partial<Record<KpiGrain, Period>> = {};
  const periodAt = (grain: KpiGrain, ms: number): Period => {
    const last = latest[grain];
    if (last !== undefined && last.startMs <= ms && ms < last.endMs) return last;
    const period = { grain, ...make[grain](ms) };
    latest[grain] = period;
    return period;
  };

  const date = ({ day, month, year }: { day: number; month: number; year: number }): string => `${day} ${months[month - 1]} ${year}`;
  const names: Record<KpiGrain, (start: Temporal.ZonedDateTime, period: Period) => string> = {
    hour: (start, { endMs }) => {
      const end = zoned(endMs);
      return `${weekdays[start.dayOfWeek - 1]} ${date(start)} between ${two(start.hour)}:${two(start.minute)} and ${two(end.hour)}:${two(end.minute)}`;
    },
    day: (start) => `${weekdays[start.dayOfWeek - 1]} ${date(start)}`,
    week: (start) => `the week of Monday ${date(start)}`,
    month: (start) => `${months[start.month - 1]} ${start.year}`,
  };
  const name = (period: Period): string => names[period.grain](zoned(period.startMs), period);

  return {
    timeZone,
    periodAt,
    name,
    phrase: (period) => `${period.grain === 'hour' || period.grain === 'day' ? 'on' : 'in'} ${name(period)}`,
    earlierMs: (period, by) => zoned(period.startMs).subtract(by).epochMilliseconds,
    key({ grain, startMs }) {
      const start = zoned(startMs);
      const day = start.toPlainDate().toString();
      if (grain === 'month') return day.slice(0, 7);
      if (grain === 'week') return `${start.yearOfWeek}-W${two(start.weekOfYear ?? 0)}`;
      if (grain === 'day') return day;
      // An hour comes twice when clocks go back: its offset tells which.
      const offset = start.offsetNanoseconds === 0 ? 'Z' : start.offset.replace(':', '');
      return `${day}T${two(start.hour)}${offset}`;
    },
    clock(ms) {
      const { hour, dayOfWeek } = zoned(ms);
      return { hour, weekday: dayOfWeek - 1 };
    },
  };
};

/** A grain and all coarser ones. */
export const fromGrain = (grain: KpiGrain): KpiGrain[] => kpiGrains.slice(kpiGrains.indexOf(grain));
