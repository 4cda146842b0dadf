import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { kpiColumns } from '../../../shared/http/kpi.ts';
import { limits } from '../../../shared/limits.ts';
import { CliError, printable } from '../command.ts';

/** The names of columns rather than a row: what is no JSON and begins with no digit. */
const isHeader = (line: string): boolean => !/^\uFEFF?\s*["']?[\d{]/.test(line);

/** @throws CliError `cli.no_measurements` for a first line of words that name no columns of measurements */
const requireColumns = (header: string, path: string): void => {
  const names = header.split(/[,;\t]/).map((name) => name.replaceAll(/[\uFEFF"'\s]/g, '').toLowerCase());
  const has = (known: readonly string[]): boolean => names.some((name) => known.includes(name));
  if (has(kpiColumns.at) && has(kpiColumns.value)) return;
  const shown = printable(header.trim()).slice(0, 60);
  throw new CliError('cli.no_measurements', `${path} holds no measurements: its first line must name the columns timestamp and value, not "${shown}".`);
};

/** A CSV or JSONL file as texts of as many rows as a request may bring, each with the header if there is one. @throws CliError */
export async function* partsOf(path: string): AsyncGenerator<string> {
  const lines = createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
  let header: string[] | undefined;
  let rows: string[] = [];
  let chars = 0;
  for await (const line of lines) {
    if (line.trim() === '') continue;
    if (header === undefined) {
      header = isHeader(line) ? [line] : [];
      if (header.length > 0) {
        requireColumns(line, path);
        continue;
      }
    }
    if (rows.length === limits.kpiMeasurements || chars + line.length > limits.cliKpiPartChars) {
      yield [...header, ...rows].join('\n');
      [rows, chars] = [[], 0];
    }
    rows.push(line);
    chars += line.length;
  }
  if (rows.length > 0 || header !== undefined) yield [...(header ?? []), ...rows].join('\n');
}
