import { setTimeout as pause } from 'node:timers/promises';
import type { QueryMode } from '../../../shared/http/query.ts';
import { limits } from '../../../shared/limits.ts';
import type { Nexus, Space } from '../../index.ts';
import { CliError, type Io } from '../command.ts';
import type { Progress } from '../ingest/progress.ts';
import { type Measures, measure } from './measures.ts';
import { type Judged, readCorpus, readJudged } from './read-collection.ts';

export const evaluatedModes = ['text', 'hybrid', 'vector'] as const satisfies QueryMode[];

export interface Evaluation {
  documents: number;
  queries: number;
  modes: Record<(typeof evaluatedModes)[number], Measures & { p50_ms: number }>;
}

const fill = async (space: Space, folder: string, progress: Progress): Promise<number> => {
  let sent = 0;
  const tasks = await space.ingestAll(readCorpus(folder), {
    onAccepted(_task, documents) {
      sent += documents;
      progress.draw('sending ', sent, sent, 'documents');
    },
  });
  let written = 0;
  for (const accepted of tasks) {
    const { counts, errors } = await accepted.wait({ timeoutMs: limits.cliTaskWaitMs });
    written += counts.written;
    progress.draw('indexing', written, sent, 'documents');
    if (counts.failed > 0)
      throw new CliError('cli.not_ingested', `${counts.failed} documents could not be ingested: ${errors[0]?.doc_id}: ${errors[0]?.message}`);
  }
  return written;
};

/** Maintenance follows large ingests by itself; what it leaves to the next one stays as it is. */
const untilIndexed = async (space: Space, sleep: NonNullable<Io['sleep']>): Promise<void> => {
  for (let look = 0; look < limits.cliIndexLooks; look++) {
    const { indexes } = await space.describe();
    if (indexes.every(({ rows, unindexed_rows }) => rows === 0 || unindexed_rows === 0)) return;
    await sleep(limits.cliIndexLookMs);
  }
};

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** One query after another, as one caller would: each one's time is its own. */
const askAll = async (space: Space, mode: QueryMode, queries: readonly Judged[], progress: Progress): Promise<Measures & { p50_ms: number }> => {
  const rankings = [];
  const timesMs: number[] = [];
  for (const { text, grades } of queries) {
    const startedMs = performance.now();
    const query = text.slice(0, limits.queryChars).toWellFormed();
    const { hits } = await space.query({ query, mode, limit: limits.maxLimit, group_by: 'doc_id', select: [] });
    timesMs.push(performance.now() - startedMs);
    rankings.push({ ranked: hits.map(({ doc_id }) => doc_id), grades });
    progress.draw(mode.padEnd(8), rankings.length, queries.length, 'queries');
  }
  return { ...measure(rankings), p50_ms: Math.round(median(timesMs) * 100) / 100 };
};

/**
 * Puts a collection into a space of its own, asks every judged query in each mode, and removes the space again.
 * Rankings are the first 100 documents, each by its best passage.
 */
export const evaluate = async (
  nexus: Nexus,
  folder: string,
  spaceId: string,
  progress: Progress,
  sleep: NonNullable<Io['sleep']> = (ms) => pause(ms),
): Promise<Evaluation> => {
  const queries = await readJudged(folder);
  const space = nexus.space(spaceId);
  try {
    const documents = await fill(space, folder, progress);
    await untilIndexed(space, sleep);
    const modes = {} as Evaluation['modes'];
    for (const mode of evaluatedModes) modes[mode] = await askAll(space, mode, queries, progress);
    return { documents, queries: queries.length, modes };
  } finally {
    await space.delete();
  }
};
