import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { limits } from '../../../shared/limits.ts';

/** The names of columns rather than a row: what is no JSON and begins with no digit. */
const isHeader = (line: string): boolean => !/^\uFEFF?\s*["']?[\d{]/.test(line);

/** A CSV or JSONL file as texts of as many rows as a request may bring, each with the header if there is one. */
export async function* partsOf(path: string): AsyncGenerator<string> {
  const lines = createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
  let header: string[] | undefined;
  let rows: string[] = [];
  let chars = 0;
  for await (const line of lines) {
    if (line.trim() === '') continue;
    if (header === undefined) {
      header = isHeader(line) ? [line] : [];
      if (header.length > 0) continue;
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
