import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Passages } from '../../extract/read-passages.ts';
import type { Log } from '../../ports/log.ts';
import type { Reader } from '../../ports/reader.ts';
import { typescriptLoader } from '../typescript-loader.ts';
import { type Reading, readIn } from './reading.ts';

export interface ProcessReaderOptions {
  /** Documents read at once; the others wait for their turn. */
  processes: number;
  /** One document's time. */
  timeoutMs: number;
  /** What one document's reading may hold: objects and texts; and everything together. */
  heapBytes: number;
  memoryBytes: number;
  /** A process without work ends after this. */
  idleMs: number;
}

const MiB = 1024 * 1024;

const startProcess = ({ heapBytes, memoryBytes }: ProcessReaderOptions): ChildProcess => {
  const reader = fork(fileURLToPath(new URL('./reading-process.ts', import.meta.url)), [String(memoryBytes)], {
    execArgv: [`--max-old-space-size=${heapBytes / MiB}`, ...typescriptLoader()],
    serialization: 'advanced',
    // It needs nothing of ours: no secrets, and no log to write into.
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  // What happens while it reads is told to the document; what happens while it rests, to nobody.
  reader.on('error', () => {});
  // Whoever waits for a document keeps the runner alive; a process that reads does not.
  reader.unref();
  reader.channel?.unref();
  return reader;
};

/**
 * Reads documents in a bounded number of processes. Threads are not enough: the engine takes the whole process down when
 * a thread's heap is full in the middle of a built-in function. What takes too long or too much memory is ended with its
 * process, and no other document notices.
 */
export const processReader = (options: ProcessReaderOptions, log: Log): Reader => {
  const waiting: Reading[] = [];
  /** Processes without work, and when each will leave. */
  const idle = new Map<ChildProcess, NodeJS.Timeout>();
  let busy = 0;

  const take = (reader: ChildProcess): ChildProcess => {
    clearTimeout(idle.get(reader));
    idle.delete(reader);
    return reader;
  };
  const start = (): ChildProcess => {
    const reader = startProcess(options);
    return reader.once('exit', () => void take(reader));
  };

  const next = async (): Promise<void> => {
    if (busy >= options.processes) return;
    const reading = waiting.shift();
    if (reading === undefined) return;
    busy++;
    const [rested] = idle.keys();
    const reader = rested === undefined ? start() : take(rested);
    if ((await readIn(reader, reading, log)) && reader.connected) idle.set(reader, setTimeout(() => take(reader).kill('SIGKILL'), options.idleMs).unref());
    busy--;
    void next();
  };

  return {
    read(source, chunking, timeoutMs = options.timeoutMs) {
      const given = new AbortController();
      return new ReadableStream<Passages>({
        start(passages) {
          waiting.push({ request: { source, chunking }, passages, signal: given.signal, timeoutMs });
          void next();
        },
        cancel() {
          given.abort();
          const index = waiting.findIndex(({ signal }) => signal === given.signal);
          if (index >= 0) waiting.splice(index, 1);
        },
      });
    },
  };
};
