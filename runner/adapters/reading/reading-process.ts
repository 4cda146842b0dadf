import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Chunking } from '../../../shared/events.ts';
import { ExtractError } from '../../extract/extract-error.ts';
import { type Passages, readPassages } from '../../extract/read-passages.ts';
import type { Source } from '../../extract/source.ts';

/** The inside of a reading process: one document at a time. Its first argument is what it may hold, in bytes. */

export interface ReadingRequest {
  source: Source;
  chunking: Chunking;
}

export type ReadingMessage =
  | { kind: 'passages'; passages: Passages }
  | { kind: 'done' }
  | { kind: 'refused'; code: ExtractError['code']; message: string; cause?: string }
  /** Something that nobody foresaw, for the log. */
  | { kind: 'failed'; cause: string };

const say = (message: ReadingMessage): void => {
  process.send?.(message);
};
const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

const watch = new Worker(new URL('./watch-memory.ts', import.meta.url), { workerData: Number(process.argv[2]) });
watch.unref();
const watched = once(watch, 'online');

const read = async ({ source, chunking }: ReadingRequest): Promise<void> => {
  await watched;
  try {
    for await (const passages of readPassages(source, chunking)) say({ kind: 'passages', passages });
    say({ kind: 'done' });
  } catch (error) {
    if (error instanceof ExtractError)
      say({ kind: 'refused', code: error.code, message: error.message, ...(error.cause === undefined ? {} : { cause: stackOf(error.cause) }) });
    else say({ kind: 'failed', cause: stackOf(error) });
  }
};

// What a library has left behind of one document must not end the next one's reading.
process.on('unhandledRejection', () => {});
process.on('message', (request: ReadingRequest) => void read(request));
