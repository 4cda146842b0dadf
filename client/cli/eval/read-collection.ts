import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { documentSchema, type IngestDocument } from '../../../shared/http/ingest.ts';
import { CliError } from '../command.ts';
import { documentOf } from '../ingest/json-documents.ts';
import type { Grades } from './measures.ts';

export interface Judged {
  id: string;
  text: string;
  grades: Grades;
}

async function* linesOf(path: string): AsyncGenerator<{ line: string; where: string }> {
  let number = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY })) {
      number++;
      if (line.trim() !== '') yield { line: number === 1 ? line.replace(/^\uFEFF/, '') : line, where: `${path}:${number}` };
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError('cli.unreadable', `Cannot read ${path}: a collection is a folder with corpus.jsonl, queries.jsonl and qrels/test.tsv.`, {
      cause: error,
    });
  }
}

const textId = z.union([z.string(), z.number()]).transform(String);
const entrySchema = z.object({ _id: textId, title: z.string().nullish(), text: z.string() });

const entryOf = (line: string, where: string): z.infer<typeof entrySchema> => {
  try {
    return entrySchema.parse(JSON.parse(line));
  } catch (cause) {
    throw new CliError('cli.malformed', `${where} is not {"_id", "title", "text"} in JSON.`, { cause });
  }
};

/** `corpus.jsonl`: the title belongs to the text; what else is there does not count. */
export async function* readCorpus(folder: string): AsyncGenerator<IngestDocument> {
  for await (const { line, where } of linesOf(join(folder, 'corpus.jsonl'))) {
    const { _id, title, text } = entryOf(line, where);
    const document = documentOf({ _id, text: title ? `${title}\n\n${text}` : text });
    if (!documentSchema.safeParse(document).success) throw new CliError('cli.malformed', `${where} cannot be ingested.`);
    yield document;
  }
}

/** `qrels/test.tsv`: query, document, grade; a first line of names is skipped. */
const readGrades = async (folder: string): Promise<Map<string, Map<string, number>>> => {
  const judged = new Map<string, Map<string, number>>();
  let isFirst = true;
  for await (const { line, where } of linesOf(join(folder, 'qrels', 'test.tsv'))) {
    const [query, document, score, ...rest] = line.trim().split('\t');
    const grade = Number(score);
    const isHeader: boolean = isFirst && score !== undefined && Number.isNaN(grade);
    isFirst = false;
    if (isHeader) continue;
    if (query === undefined || document === undefined || score === undefined || rest.length > 0 || !Number.isFinite(grade))
      throw new CliError('cli.malformed', `${where} is not query-id, corpus-id, score between tabs.`);
    judged.set(query, (judged.get(query) ?? new Map()).set(document, grade));
  }
  return judged;
};

/** The queries that something was judged for, in the order of `queries.jsonl`. */
export const readJudged = async (folder: string): Promise<Judged[]> => {
  const grades = await readGrades(folder);
  const queries: Judged[] = [];
  for await (const { line, where } of linesOf(join(folder, 'queries.jsonl'))) {
    const { _id, text } = entryOf(line, where);
    const found = grades.get(_id);
    if (found !== undefined && text.trim() !== '') queries.push({ id: _id, text, grades: found });
  }
  if (queries.length === 0) throw new CliError('cli.malformed', `No query of ${join(folder, 'queries.jsonl')} is judged in qrels/test.tsv.`);
  return queries;
};
