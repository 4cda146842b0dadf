import type { TaskError } from '../../shared/events.ts';
import { limits } from '../../shared/limits.ts';
import { readTimeIn } from './measured-at.ts';
import { type Series, type SeriesKey, seriesName, seriesOf } from './series.ts';

/** One row as it was given, from JSON or from text. */
export interface GivenRow {
  at: unknown;
  value: unknown;
  unit?: unknown;
  /** What else the row says, which is nothing that we know. */
  unknown?: string;
  /** Where it stands: "measurements.17", "line 18". */
  place: string;
}

/** Rows that could not be used: all are counted, the first are told. */
export interface Refused {
  errors: TaskError[];
  rows: number;
}

const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60));

const numberPattern = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
/** A sum of a request's worth of these is still a number. */
const largest = 1e300;

/** A number, or a text of nothing but one, as files have it. */
const numberOf = (value: unknown, fromText: boolean): number | undefined => {
  const number = fromText && typeof value === 'string' && numberPattern.test(value.trim()) ? Number(value) : value;
  return typeof number === 'number' && Math.abs(number) <= largest ? number + 0 : undefined;
};

const judge = (
  row: GivenRow,
  unit: string | null,
  readTime: (text: string) => number | undefined,
  fromText: boolean,
): string | { at: number; value: number } => {
  if (row.unknown !== undefined) return `has the unknown field ${shown(row.unknown)}; a measurement is {"at", "value"}`;
  const at = typeof row.at === 'string' ? readTime(row.at) : undefined;
  if (at === undefined) return `at must be a time such as "2026-01-31T09:00:00Z", from 1900 to 2199, not ${shown(row.at)}`;
  const value = numberOf(row.value, fromText);
  if (value === undefined) return `value must be a number, not ${shown(row.value)}`;
  if (row.unit !== undefined && row.unit !== '' && row.unit !== unit) return `unit is ${shown(row.unit)}, but the metric's is ${shown(unit ?? undefined)}`;
  return { at, value };
};

/** Given rows → a series; what is wrong with a row leaves the others alone. */
export const judgeRows = async (
  rows: Iterable<GivenRow> | AsyncIterable<GivenRow>,
  about: SeriesKey & { unit: string | null; timezone: string; fromText: boolean },
): Promise<{ series: Series; refused: Refused }> => {
  const readTime = readTimeIn(about.timezone);
  const [ats, values]: [number[], number[]] = [[], []];
  const refused: Refused = { errors: [], rows: 0 };
  for await (const row of rows) {
    const judged = judge(row, about.unit, readTime, about.fromText);
    if (typeof judged !== 'string') {
      ats.push(judged.at);
      values.push(judged.value);
      continue;
    }
    refused.rows += 1;
    if (refused.errors.length < limits.taskErrors)
      refused.errors.push({ doc_id: seriesName(about), code: 'nexus.validation_failed', message: `${row.place}: ${judged}` });
  }
  return { series: seriesOf(ats, values), refused };
};

const isObject = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object' && !Array.isArray(value);

/** A parsed JSON value as a row; files may say `timestamp` for `at`. */
export const rowOfJson = (value: unknown, place: string): GivenRow => {
  if (!isObject(value)) return { at: undefined, value: undefined, place };
  const { at, timestamp, value: measured, unit, ...rest } = value;
  const [unknown] = Object.keys(rest);
  return { at: at ?? timestamp, value: measured, unit, place, ...(unknown === undefined ? {} : { unknown }) };
};
