import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MetricDefinition } from '../../runner/kpi/facts/fact.ts';
import { type FactDocument, factsOf } from '../../runner/kpi/generate.ts';
import { seriesOf } from '../../runner/kpi/series.ts';
import { documentSchema } from '../../shared/http/ingest.ts';
import { kpiAggregates, kpiFactFields } from '../../shared/http/kpi.ts';
import { aggregateOf, medianOf, numbersIn, periodNameIn, type Row, rowsIn } from './recomputed.ts';

const plain: MetricDefinition = { metric: 'visits', title: 'Visits', unit: 'people', good: 'up', grain: 'day', timezone: 'UTC', aggregate: 'sum' };

const factsFrom = (rows: readonly Row[], definition: Partial<MetricDefinition> = {}, dimensions = {}): FactDocument[] => {
  const work = factsOf(
    { ...plain, ...definition },
    dimensions,
    seriesOf(
      rows.map(({ ms }) => ms * 1000),
      rows.map(({ value }) => value),
    ),
  );
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
};
const kindsOf = (facts: readonly FactDocument[]): Set<unknown> => new Set(facts.map(({ metadata }) => metadata.kind));

const hourMs = 3_600_000;
const startMs = Date.parse('2026-02-01T00:00:00Z');

/** Hours of a season by the day and the week, with noise, some hours missing, some far off, and a change of level. */
const lively = (seed: number, days: number): Row[] => {
  let state = seed + 1;
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  return Array.from({ length: days * 24 }, (_, hour): Row => {
    const level = hour > days * 12 ? 160 : 100;
    const value = level + 20 * Math.sin((2 * Math.PI * hour) / 24) + 10 * (Math.floor(hour / 24) % 7) + 8 * (random() - 0.5);
    return { ms: startMs + hour * hourMs + 60_000, value: Number((random() < 0.004 ? value * 4 : value).toFixed(3)) };
  }).filter(() => random() > 0.01);
};

const number = (value: unknown): number => value as number;
const time = (value: unknown): number => Date.parse(value as string);
const close = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));

/** What a sentence shows of a number: six digits; per cent and strengths with one after the point. */
const isShown = (shown: number, value: number): boolean => {
  const size = Math.abs(value);
  return (
    shown === value ||
    close(shown, Number(value.toPrecision(6))) ||
    Math.abs(shown) === Number(size.toFixed(1)) ||
    close(Math.abs(shown), Number(size.toPrecision(6))) ||
    shown === Number(value.toPrecision(2))
  );
};

const cases = fc.record({
  seed: fc.integer({ min: 0, max: 1e6 }),
  aggregate: fc.constantFrom(...kpiAggregates),
  grain: fc.constantFrom('hour', 'day', 'week', 'month'),
  timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata'),
  unit: fc.constantFrom('people', '%', null),
  good: fc.constantFrom('up', 'down', null),
});

describe('every figure', () => {
  test('in metadata is what the measurements give, worked out once more', () => {
    fc.assert(
      fc.property(cases, ({ seed, ...said }) => {
        const rows = lively(seed, 70);
        const definition = said as Partial<MetricDefinition>;
        const aggregate = said.aggregate;
        const nameOf = periodNameIn(said.timezone);
        const facts = factsFrom(rows, definition);
        const levels = new Map(
          facts
            .filter(({ metadata }) => metadata.kind === 'level')
            .map(({ metadata }) => [`${metadata.grain} ${nameOf(metadata.grain as string, time(metadata.period_start))}`, metadata]),
        );
        for (const { metadata } of facts) {
          const [start, end] = [time(metadata.period_start), time(metadata.period_end)];
          const inside = rowsIn(rows, start, end);
          expect(metadata.measurements).toBe(inside.length);
          if (metadata.kind === 'missing') continue;
          expect(close(number(metadata.value), aggregateOf(inside, aggregate))).toBe(true);
          // The period is one of its grain by the zone's own clocks, and ends where the next begins.
          const name = nameOf(metadata.grain as string, start);
          expect([
            nameOf(metadata.grain as string, end - 1),
            nameOf(metadata.grain as string, start - 1) === name,
            nameOf(metadata.grain as string, end) === name,
          ]).toEqual([name, false, false]);

          if (metadata.previous_value !== undefined) {
            const before = levels.get(`${metadata.grain} ${nameOf(metadata.grain as string, start - 1)}`);
            expect(metadata.previous_value).toBe(before?.value);
            expect(close(number(metadata.change), number(metadata.value) - number(before?.value))).toBe(true);
            expect(metadata.direction).toBe(number(metadata.change) > 0 ? 'up' : number(metadata.change) < 0 ? 'down' : 'flat');
            if (said.good !== null && number(metadata.change) !== 0) expect(metadata.is_good).toBe(metadata.direction === said.good);
            else expect(metadata.is_good).toBeUndefined();
            expect(close(number(metadata.change_pct), (100 * number(metadata.change)) / Math.abs(number(before?.value)))).toBe(true);
          }
          if (metadata.week_ago_value !== undefined) {
            // By the clocks: an hour may have moved against the sun in between.
            const week = [...levels.values()].find(
              (other) =>
                other.grain === metadata.grain &&
                other.value === metadata.week_ago_value &&
                Math.abs(start - time(other.period_start) - 168 * hourMs) <= hourMs,
            );
            expect(week).toBeDefined();
          }
          if (metadata.kind === 'record') {
            const beaten = facts.filter(
              ({ metadata: other }) =>
                other.kind === 'level' &&
                other.grain === metadata.grain &&
                time(other.period_start) > time(metadata.since) - 1 &&
                other.value !== metadata.value,
            );
            const isLess = (other: FactDocument) => number(other.metadata.value) < number(metadata.value);
            const wrong = beaten.filter(
              (other) => isLess(other) !== (metadata.record === 'highest') && number(other.metadata.measurements) >= 0.96 * number(metadata.measurements),
            );
            expect(wrong.filter(({ metadata: other }) => time(other.period_start) !== time(metadata.since) && time(other.period_start) < start)).toEqual([]);
          }
          if (metadata.kind === 'anomaly') {
            expect(
              close(number(metadata.deviation_pct), (100 * (number(metadata.value) - number(metadata.expected))) / Math.abs(number(metadata.expected))),
            ).toBe(true);
            expect(number(metadata.strength)).toBeGreaterThanOrEqual(number(metadata.limit));
            expect(time(metadata.episode_start) <= start && end <= time(metadata.episode_end)).toBe(true);
          }
          if (metadata.kind === 'change_point') {
            const between = (from: number, to: number) =>
              medianOf(
                [...levels.values()]
                  .filter(
                    (other) => other.grain === metadata.grain && time(other.period_start) >= from && time(other.period_end) <= to && isWhole(other, aggregate),
                  )
                  .map(({ value }) => number(value)),
              );
            expect(close(number(metadata.value_before), between(time(metadata.before_start), start))).toBe(true);
            expect(close(number(metadata.value_after), between(start, time(metadata.after_end)))).toBe(true);
          }
          if (metadata.kind === 'trend') expect(Math.sign(number(metadata.slope))).toBe(metadata.direction === 'up' ? 1 : -1);
        }
      }),
      { numRuns: 8 },
    );
  }, 300_000);

  test('in a sentence is one in metadata, with its unit', () => {
    fc.assert(
      fc.property(cases, ({ seed, ...said }) => {
        for (const { text, metadata } of factsFrom(lively(seed, 70), said as Partial<MetricDefinition>)) {
          const figures = Object.values(metadata).filter((value) => typeof value === 'number');
          const strange = numbersIn(text, [String(metadata.timezone)]).filter((shown) => !figures.some((value) => isShown(shown, value)));
          expect({ text, strange }).toEqual({ text, strange: [] });
          if (said.unit === 'people' && metadata.kind === 'level') expect(text).toMatch(/\d people/);
          expect(text).toContain(`(${said.timezone})`);
        }
      }),
      { numRuns: 10 },
    );
  }, 300_000);
});

/** Whether enough of a day was measured to count: sums need nearly all of it. */
const isWhole = (metadata: FactDocument['metadata'], aggregate: string): boolean => {
  const hours = Math.round((time(metadata.period_end) - time(metadata.period_start)) / hourMs);
  return number(metadata.measurements) >= (aggregate === 'sum' ? 0.95 : 0.5) * hours;
};

describe('facts of a series', () => {
  test('are all kinds there are, each with an id of its own, and documents that ingest would take', () => {
    const rows = lively(3, 70);
    const facts = factsFrom(
      rows.filter(({ ms }) => ms < startMs + 30 * 24 * hourMs || ms > startMs + 31.5 * 24 * hourMs),
      {},
      { shop: 'Berlin', floor: 2 },
    );
    for (const kind of ['anomaly', 'change_point', 'level', 'missing', 'record', 'summary']) expect(kindsOf(facts)).toContain(kind);
    expect(new Set(facts.map(({ id }) => id)).size).toBe(facts.length);
    for (const { id, text, metadata } of facts) {
      expect(documentSchema.safeParse({ id, text, metadata, type: 'kpi' }).error).toBeUndefined();
      expect(id).toMatch(/^kpi:visits:floor=2,shop=Berlin:[a-z_]+:2026-/);
      expect(metadata).toMatchObject({ shop: 'Berlin', floor: 2, dimensions: ['floor=2', 'shop=Berlin'] });
      for (const [key, value] of Object.entries(metadata)) {
        if (key === 'shop' || key === 'floor') continue;
        expect([key, Array.isArray(value) ? 'string[]' : typeof value]).toEqual([key, kpiFactFields[key as keyof typeof kpiFactFields]]);
      }
    }
  });

  test('do not depend on the order of the measurements', () => {
    const rows = lively(5, 40);
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: rows.length, maxLength: rows.length }), (mixed) => {
        expect(factsFrom(mixed)).toEqual(factsFrom(rows));
      }),
      { numRuns: 5 },
    );
  });

  test('say of a day of 23 hours that it is whole, and where it begins', () => {
    const berlin = Array.from({ length: 24 * 20 }, (_, hour): Row => ({ ms: Date.parse('2026-03-19T23:00:00Z') + hour * hourMs, value: 1 }));
    const day = factsFrom(berlin, { timezone: 'Europe/Berlin' }).find(({ id }) => id.endsWith('level:2026-03-29'));
    expect(day?.metadata).toMatchObject({
      value: 23,
      measurements: 23,
      previous_value: 24,
      period_start: '2026-03-28T23:00:00Z',
      period_end: '2026-03-29T22:00:00Z',
    });
  });

  test('compare with the same date a year earlier', () => {
    const days = Array.from({ length: 400 }, (_, day): Row => ({ ms: startMs + day * 24 * hourMs, value: 100 + day }));
    const fact = factsFrom(days).find(({ id }) => id.endsWith('level:2027-02-10'));
    expect(fact?.metadata).toMatchObject({ value: 474, year_ago_value: 109, week_ago_value: 467 });
    expect(fact?.text).toContain('That is up 334.9% from 109 people on the same date a year earlier.');
  });
});

describe('nothing is made of too little, or of nothing', () => {
  const days = (values: readonly number[]): Row[] => values.map((value, day) => ({ ms: startMs + day * 24 * hourMs, value }));

  test('of two measurements there is no fact', () => {
    expect(factsFrom([])).toEqual([]);
    expect(factsFrom(days([1, 2]))).toEqual([]);
  });

  test('a week has levels and no record, anomaly, change or trend', () => {
    expect([...kindsOf(factsFrom(days([1, 2, 3, 500, 5, 6, 7])))].sort()).toEqual(['level', 'summary']);
  });

  test('a constant has levels alone, all unchanged', () => {
    const facts = factsFrom(days(Array(100).fill(7)));
    expect([...kindsOf(facts)].sort()).toEqual(['level', 'summary']);
    expect(facts.filter(({ metadata }) => metadata.change !== undefined && metadata.change !== 0 && metadata.grain === 'day')).toEqual([]);
  });

  test('from zero there is no change in per cent, and the sentence has none', () => {
    const fact = factsFrom(days([0, 0, 5, 0, 0])).find(({ id }) => id.endsWith('level:2026-02-03'));
    expect(fact?.metadata.change_pct).toBeUndefined();
    expect(fact?.text).toContain('up by 5 people from 0 people the day before, which is good');
  });

  test('the period that is still open has no fact', () => {
    const rows = Array.from({ length: 24 * 3 + 12 }, (_, hour): Row => ({ ms: startMs + hour * hourMs, value: 1 }));
    const days = factsFrom(rows).filter(({ metadata }) => metadata.kind === 'level' && metadata.grain === 'day');
    expect(days.map(({ metadata }) => metadata.period)).toEqual(['2026-02-01', '2026-02-02', '2026-02-03']);
  });

  test('weekends without measurements are a schedule, a missing Tuesday is a gap', () => {
    const working = days(Array.from({ length: 84 }, (_, day) => 100 + (day % 5))).filter(({ ms }) => ![0, 6].includes(new Date(ms).getUTCDay()));
    expect(kindsOf(factsFrom(working))).not.toContain('missing');
    const gap = factsFrom(working.filter(({ ms }) => ms !== Date.parse('2026-03-10T00:00:00Z'))).filter(({ metadata }) => metadata.kind === 'missing');
    expect(gap.map(({ id, text }) => [id, text])).toEqual([
      ['kpi:visits::missing:2026-03-10', 'Missing data: Visits has no measurements on Tuesday 10 March 2026 (UTC).'],
    ]);
  });

  test('a sum of half a day is told with how little it rests on, and is no record', () => {
    const rows = Array.from({ length: 24 * 20 }, (_, hour): Row => ({ ms: startMs + hour * hourMs, value: 10 + (hour % 5) })).filter(
      ({ ms }) => ms < startMs + 10 * 24 * hourMs || ms >= startMs + 10.5 * 24 * hourMs,
    );
    const facts = factsFrom(rows);
    const half = facts.find(({ id }) => id.endsWith('level:2026-02-11'));
    expect(half?.text).toContain('Only 12 measurements were made, so it is not compared with other periods.');
    expect(facts.some(({ id }) => id.endsWith('record:2026-02-11'))).toBe(false);
  });
});
