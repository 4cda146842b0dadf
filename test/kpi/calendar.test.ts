import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { calendarOf } from '../../runner/kpi/calendar.ts';
import { readTimeIn } from '../../runner/kpi/measured-at.ts';
import { kpiGrains } from '../../shared/http/kpi.ts';

const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'America/Sao_Paulo', 'Pacific/Apia', 'Australia/Lord_Howe'];
const anyTime = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2035, 0, 1) });

/** What clocks in the zone show, by the platform itself. */
const clockIn = (timeZone: string, ms: number): string => {
  const parts = new Intl.DateTimeFormat('en-CA', {
    ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ weekday: 'short', hour: '2-digit', minute: '2-digit' },
  }).formatToParts(ms);
  const of = (type: string) => parts.find((part) => part.type === type)?.value;
  return `${of('year')}-${of('month')}-${of('day')} ${of('weekday')} ${of('hour')}:${of('minute')}`;
};

describe('periods of a time zone', () => {
  test('hold the moment that was asked for, and follow each other without a gap', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.constantFrom(...kpiGrains), anyTime, (zone, grain, ms) => {
        const calendar = calendarOf(zone);
        const period = calendar.periodAt(grain, ms);
        expect(period.startMs <= ms && ms < period.endMs).toBe(true);
        expect(calendar.periodAt(grain, period.endMs).startMs).toBe(period.endMs);
        expect(calendar.periodAt(grain, period.endMs - 1)).toEqual(period);
        // The same, asked anew: nothing depends on what was asked before.
        expect(calendarOf(zone).periodAt(grain, ms)).toEqual(period);
      }),
    );
  });

  test('begin at midnight by the clocks of the zone, weeks on Monday, months on the first', () => {
    fc.assert(
      fc.property(fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata'), anyTime, (zone, ms) => {
        const calendar = calendarOf(zone);
        const start = (grain: 'day' | 'week' | 'month') => clockIn(zone, calendar.periodAt(grain, ms).startMs);
        expect(start('day')).toMatch(/ 00:00$/);
        expect(start('week')).toMatch(/ Mon 00:00$/);
        expect(start('month')).toMatch(/-01 \w+ 00:00$/);
        expect(calendar.key(calendar.periodAt('day', ms))).toBe(clockIn(zone, ms).slice(0, 10));
      }),
    );
  });

  test('a day of changing clocks has 23 or 25 hours, each with a key of its own', () => {
    const calendar = calendarOf('Europe/Berlin');
    for (const [noon, hours] of [
      ['2026-03-29T12:00:00Z', 23],
      ['2026-10-25T12:00:00Z', 25],
    ] as const) {
      const day = calendar.periodAt('day', Date.parse(noon));
      expect(day.endMs - day.startMs).toBe(hours * 3_600_000);
      const keys = Array.from({ length: hours }, (_, hour) => calendar.key(calendar.periodAt('hour', day.startMs + hour * 3_600_000)));
      expect(new Set(keys).size).toBe(hours);
      expect(keys[0]).toMatch(/T00\+0[12]00$/);
    }
  });

  test('have names that people use', () => {
    const calendar = calendarOf('Europe/Berlin');
    const at = Date.parse('2011-07-05T12:30:00Z');
    const named = Object.fromEntries(
      kpiGrains.map((grain) => [grain, [calendar.phrase(calendar.periodAt(grain, at)), calendar.key(calendar.periodAt(grain, at))]]),
    );
    expect(named).toEqual({
      hour: ['on Tuesday 5 July 2011 between 14:00 and 15:00', '2011-07-05T14+0200'],
      day: ['on Tuesday 5 July 2011', '2011-07-05'],
      week: ['in the week of Monday 4 July 2011', '2011-W27'],
      month: ['in July 2011', '2011-07'],
    });
    expect(calendarOf('UTC').key(calendarOf('UTC').periodAt('week', Date.parse('2027-01-01')))).toBe('2026-W53');
  });
});

describe('a time as people write it', () => {
  const micros = (text: string) => Date.parse(text) * 1000;

  test.each([
    ['2026-01-31T09:00:00Z', '2026-01-31T09:00:00Z'],
    ['2026-01-31 09:00:00+01:00', '2026-01-31T08:00:00Z'],
    ['2026-01-31T09:00:00-0330', '2026-01-31T12:30:00Z'],
    ['2026-01-31 09:00', '2026-01-31T08:00:00Z'],
    ['2026-01-31', '2026-01-30T23:00:00Z'],
    ['2026-07-31 09:00:00.250', '2026-07-31T07:00:00.250Z'],
    // Skipped at 02:00, and twice at 02:00.
    ['2026-03-29 02:30', '2026-03-29T01:30:00Z'],
    ['2026-10-25 02:30', '2026-10-25T00:30:00Z'],
  ])('%s is the moment that it says in Berlin', (text, moment) => {
    expect(readTimeIn('Europe/Berlin')(text)).toBe(micros(moment));
  });

  test('keeps microseconds', () => {
    expect(readTimeIn('UTC')('2026-01-31T09:00:00.123456789Z')).toBe(micros('2026-01-31T09:00:00Z') + 123_456);
  });

  test.each([
    '',
    'yesterday',
    '2026',
    '2026-02-30',
    '2026-13-01',
    '2026-01-01T24:00',
    '2026-01-01T10:60',
    '1e9',
    '01/02/2026',
    '1899-12-31',
    '2200-01-01',
    '2026-01-01Tx',
  ])('%j is not one', (text) => {
    expect(readTimeIn('UTC')(text)).toBeUndefined();
  });

  test('without an offset it is what the clocks of the zone show then', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), anyTime, (zone, ms) => {
        const shown = clockIn(zone, ms).replace(/ \w+ /, ' ');
        const read = readTimeIn(zone)(shown) ?? Number.NaN;
        expect(clockIn(zone, read / 1000).replace(/ \w+ /, ' ')).toBe(shown);
      }),
    );
  });
});
