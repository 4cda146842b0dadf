import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatMicros, parseMicros } from '../../shared/time.ts';
import { runs } from '../scale.ts';

/** Years 1 to 2254: past that a microsecond is finer than a number. */
const anyMicros = (): fc.Arbitrary<number> => fc.integer({ min: -62_135_596_800_000_000, max: 8_990_000_000_000_000 }).filter(Number.isSafeInteger);

describe('a time', () => {
  test('is the same after it was written and read', () => {
    fc.assert(
      fc.property(anyMicros(), (micros) => {
        expect(parseMicros(formatMicros(micros))).toBe(micros);
      }),
      runs(1000),
    );
  });

  test('sorts as text as it does as a number', () => {
    fc.assert(
      fc.property(anyMicros(), anyMicros(), (a, b) => {
        expect(formatMicros(a) < formatMicros(b)).toBe(a < b);
      }),
      runs(500),
    );
  });

  test('is the same instant at every offset', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_000_000_000 }), fc.integer({ min: -23 * 60, max: 23 * 60 }), (seconds, minutes) => {
        const local = new Date((seconds + minutes * 60) * 1000).toISOString().slice(0, 19);
        const two = (value: number): string => String(Math.abs(value)).padStart(2, '0');
        const offset = `${minutes < 0 ? '-' : '+'}${two(Math.trunc(minutes / 60))}:${two(minutes % 60)}`;
        expect(parseMicros(local + offset)).toBe(seconds * 1_000_000);
      }),
      runs(300),
    );
  });

  test.each([
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01T00:00:00.000001Z', 1],
    ['1969-12-31T23:59:59.999999Z', -1],
    ['2026-01-02T03:04:05.6789019Z', Date.UTC(2026, 0, 2, 3, 4, 5) * 1000 + 678_901],
    ['2026-01-02t03:04:05z', Date.UTC(2026, 0, 2, 3, 4, 5) * 1000],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29) * 1000],
  ])('%s is %d', (text, micros) => {
    expect(parseMicros(text)).toBe(micros);
  });

  test('is written with six digits, also before 1970', () => {
    expect(formatMicros(-1)).toBe('1969-12-31T23:59:59.999999Z');
    expect(formatMicros(1_000_001)).toBe('1970-01-01T00:00:01.000001Z');
  });

  test.each([
    '',
    '2026-01-02',
    '2026-01-02T03:04:05',
    '2026-01-02 03:04:05Z',
    '2026-02-30T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-01-02T25:00:00Z',
    '2026-01-02T03:60:00Z',
    '2026-01-02T03:04:61Z',
    '2026-01-02T03:04:05+24:00',
    '2026-01-02T03:04:05+00:60',
    '2026-01-02T03:04:05.Z',
    '2026-01-02T03:04:05.1234567890Z',
    '+002026-01-02T03:04:05Z',
    ' 2026-01-02T03:04:05Z',
    '2026-01-02T03:04:05Z\n',
    'now',
  ])('%j is none', (text) => {
    expect(parseMicros(text)).toBeUndefined();
  });

  test('of any text at all is a number or none', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/)), (text) => {
        const micros = parseMicros(text);
        expect(micros === undefined || Number.isFinite(micros)).toBe(true);
      }),
      runs(1000),
    );
  });
});
