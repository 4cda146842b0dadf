import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { kpiColumns } from '../../shared/http/kpi.ts';
import { limits } from '../../shared/limits.ts';
import { decodeText } from '../extract/decode-text.ts';
import { type GivenRow, rowOfJson } from './rows.ts';

/** The file as a whole cannot be used. */
export class UnusableFileError extends Error {
  override readonly name = 'UnusableFileError';
}

const placeOf = (header: readonly string[], names: readonly string[]): number => header.findIndex((name) => names.includes(name.trim().toLowerCase()));

/** Comma, semicolon or tab: whichever the first line has most of. */
const delimiterOf = (text: string): string => {
  const line = text.slice(0, text.search(/[\r\n]|$/));
  const counts = [',', ';', '\t'].map((delimiter) => ({ delimiter, count: line.split(delimiter).length }));
  return counts.reduce((most, one) => (one.count > most.count ? one : most)).delimiter;
};

async function* csvRows(text: string): AsyncGenerator<GivenRow> {
  const parser = Readable.from([text]).pipe(
    parse({ bom: true, delimiter: delimiterOf(text), relax_column_count: true, relax_quotes: true, skip_empty_lines: true, info: true }),
  );
  let places: { at: number; value: number; unit: number } | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (places === undefined) {
        const named = { at: placeOf(record, kpiColumns.at), value: placeOf(record, kpiColumns.value), unit: placeOf(record, kpiColumns.unit) };
        const hasHeader = named.at !== -1 && named.value !== -1;
        // Without a header the first two columns are meant, if they look like it.
        if (!hasHeader && !/\d/.test(record[0] ?? ''))
          throw new UnusableFileError(`the first line must name the columns timestamp and value, not ${record.join(', ').slice(0, 80)}`);
        places = hasHeader ? named : { at: 0, value: 1, unit: -1 };
        if (hasHeader) continue;
      }
      yield { at: record[places.at], value: record[places.value], ...(places.unit === -1 ? {} : { unit: record[places.unit] }), place: `line ${info.lines}` };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new UnusableFileError(`it cannot be read as CSV: ${error.message}`);
  }
}

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

function* jsonRows(text: string): Generator<GivenRow> {
  let [start, number] = [0, 0];
  while (start < text.length) {
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end === -1 ? text.length : end).trim();
    start = end === -1 ? text.length : end + 1;
    number += 1;
    if (line !== '') yield rowOfJson(parsed(line), `line ${number}`);
  }
}

/** Rows of a CSV or JSONL file, told apart by how it begins. @throws UnusableFileError */
export async function* rowsOfFile(bytes: Uint8Array, mostRows: number): AsyncGenerator<GivenRow> {
  const text = decodeText(bytes);
  if (text === undefined) throw new UnusableFileError('it is neither CSV nor JSONL');
  const rows = text.trimStart().startsWith('{') ? jsonRows(text) : csvRows(text);
  let count = 0;
  for await (const row of rows) {
    count += 1;
    if (count > mostRows)
      throw new UnusableFileError(
        `a request may bring ${limits.kpiMeasurements} measurements, and here are more; split the file, and send its parts one by one`,
      );
    yield row;
  }
  if (count === 0) throw new UnusableFileError('it holds no measurements; give one timestamp and value a line');
}
