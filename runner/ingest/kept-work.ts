import { createHash } from 'node:crypto';
import { z } from 'zod';
import { NexusError } from '../../shared/errors.ts';
import { taskErrorSchema } from '../../shared/events.ts';
import { limits } from '../../shared/limits.ts';
import type { Embedder } from '../ports/embedder.ts';
import type { ChunkRow } from '../ports/vector-store.ts';
import type { TaskRun } from '../tasks/run-task.ts';
import { packVector, unpackVector } from './packed-vector.ts';

/**
 * A push has a deadline, and a request may need longer: it would come again, begin again, and never end. So what is done
 * after a tenth of that time is kept, and at four fifths a delivery that has kept something is handed back; the next one
 * goes on there. Embedding may take up to nine tenths: the rest is for the commit.
 */
const share = { keep: 0.1, handBack: 0.8, embed: 0.9 };

/** Texts that are embedded at once: by the first delivery, the second, and later ones. Fewer, so that the slowest service gets through some. */
const textsTogether = [limits.embedTextsTogether, 512, 64] as const;

/** A document that is finished: its rows, or why it has none. */
export type Finished = { doc_id: string } & ({ rows: ChunkRow[] } | { error: z.infer<typeof taskErrorSchema> });

const finishedSchema = z.union([
  z.object({ doc_id: z.string(), rows: z.array(z.looseObject({ vector: z.string() })) }),
  z.object({ doc_id: z.string(), error: taskErrorSchema }),
]);
/** Documents, or vectors by the hash of their text. */
const keptSchema = z.object({ documents: z.array(finishedSchema).default([]), vectors: z.record(z.string(), z.string()).default({}) });

const packed = (one: Finished): unknown => ('error' in one ? one : { ...one, rows: one.rows.map((row) => ({ ...row, vector: packVector(row.vector) })) });
// Written from rows a moment ago, by this very code.
const unpacked = (one: z.infer<typeof finishedSchema>): Finished =>
  'error' in one ? one : { ...one, rows: one.rows.map((row) => ({ ...row, vector: unpackVector(row.vector) }) as unknown as ChunkRow) };

const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

const handedBack = (): NexusError =>
  new NexusError('nexus.overloaded', 'The request takes longer than one delivery may. The next one goes on where this one ended.', { retryAfterSeconds: 0 });

export interface KeptWork {
  /** What earlier deliveries finished. */
  finished: ReadonlyMap<string, Finished>;
  /** The embedder, but for texts that it has embedded for an earlier delivery. */
  embedder: Embedder | undefined;
  /** Time that embedding still has. Milliseconds. */
  embeddingMs(): number;
  /** Whether it is time to finish what was begun, so that it can be kept. */
  isDue(): boolean;
  /** Keeps what was finished, if this delivery takes long. */
  keep(finished: readonly Finished[]): Promise<void>;
  /** @throws NexusError 503 when this delivery's time is over and the next one will find something done */
  goOn(): Promise<void>;
}

/** @param deadlineMs how long a push may take */
export const keptWork = async (run: TaskRun, embedder: Embedder | undefined, deadlineMs: number, nowMs: () => number): Promise<KeptWork> => {
  const startedMs = nowMs();
  let keptMs = startedMs;
  let hasKept = false;
  const finished = new Map<string, Finished>();
  const vectors = new Map<string, Float32Array>();
  for (const part of await run.kept(keptSchema)) {
    for (const one of part.documents) finished.set(one.doc_id, unpacked(one));
    for (const [digest, vector] of Object.entries(part.vectors)) vectors.set(digest, unpackVector(vector));
  }

  const isPast = (part: number): boolean => nowMs() - startedMs >= part * deadlineMs;
  const isDue = (): boolean => nowMs() - keptMs >= share.keep * deadlineMs;
  const put = async (value: unknown): Promise<void> => {
    await run.keep(value);
    keptMs = nowMs();
    hasKept = true;
  };

  let fresh: [digest: string, vector: string][] = [];
  const keepVectors = async (): Promise<void> => {
    const some = fresh;
    fresh = [];
    if (some.length > 0) await put({ vectors: Object.fromEntries(some) });
  };
  const goOn = async (): Promise<void> => {
    if (!isPast(share.handBack)) return;
    await keepVectors();
    if (hasKept) throw handedBack();
  };

  const together = textsTogether[run.attempt - 1] ?? textsTogether[2];
  const embedDocuments = async (inner: Embedder, texts: readonly string[], options: Parameters<Embedder['embedDocuments']>[1]) => {
    if (texts.length <= together && vectors.size === 0) return inner.embedDocuments(texts, options);
    const digests = texts.map(digestOf);
    const all: Awaited<ReturnType<Embedder['embedDocuments']>> = digests.map((digest) => vectors.get(digest) as Float32Array);
    const missing = [...all.keys()].filter((index) => all[index] === undefined);
    for (let from = 0; from < missing.length; from += together) {
      if (from > 0) await goOn();
      const indexes = missing.slice(from, from + together);
      const made = await inner.embedDocuments(
        indexes.map((index) => texts[index] as string),
        options,
      );
      if (made.length !== indexes.length) throw new Error(`the embedder gave ${made.length} vectors for ${indexes.length} texts`);
      for (const [place, index] of indexes.entries()) {
        const vector = made[place] as (typeof made)[number];
        all[index] = vector;
        if (vector instanceof Float32Array) fresh.push([digests[index] as string, packVector(vector)]);
      }
      if (isDue()) await keepVectors();
    }
    return all;
  };

  return {
    finished,
    embedder: embedder === undefined ? undefined : { ...embedder, embedDocuments: (texts, options) => embedDocuments(embedder, texts, options) },
    embeddingMs: () => Math.max(0, Math.round(startedMs + share.embed * deadlineMs - nowMs())),
    isDue,
    async keep(some) {
      // The rows of a very long document make no blob of a bearable size; its vectors are kept, and it is read again.
      const bearable = some.filter((one) => 'error' in one || one.rows.length <= limits.embedTextsTogether);
      if (isPast(share.keep) && bearable.length > 0) await put({ documents: bearable.map(packed) });
      if (bearable.length === some.length) fresh = [];
    },
    goOn,
  };
};
