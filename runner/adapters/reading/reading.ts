import type { ChildProcess } from 'node:child_process';
import { NexusError } from '../../../shared/errors.ts';
import { ExtractError } from '../../extract/extract-error.ts';
import type { Passages } from '../../extract/read-passages.ts';
import type { Log } from '../../ports/log.ts';
import type { ReadingMessage, ReadingRequest } from './reading-process.ts';

export interface Reading {
  request: ReadingRequest;
  passages: ReadableStreamDefaultController<Passages>;
  /** Aborted when nobody wants the rest. */
  signal: AbortSignal;
  timeoutMs: number;
}

const tooLate = (timeoutMs: number): ExtractError =>
  new ExtractError('nexus.timeout', `Reading the document took longer than ${timeoutMs / 1000} s and was ended. Split it, or send its text.`);
const tooLarge = (): ExtractError =>
  new ExtractError('nexus.payload_too_large', 'Reading the document takes more memory than one document may have. Split it, or send its text.');
const unreadable = (): ExtractError =>
  new ExtractError('nexus.validation_failed', 'The document cannot be read: the file is broken, or made in an unusual way. Save it anew, or send its text.');

/** No document's doing: the runner is being stopped and its processes with it, or none could be started. The request comes again. */
const interrupted = (): NexusError =>
  new NexusError('nexus.overloaded', 'The process that read the document was ended from outside. Try again.', { retryAfterSeconds: 1 });
const fromOutside: readonly unknown[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];

/** The engine aborts when its heap is full; the watch kills, and so does the system when it has no memory left. */
const outOfMemory: readonly unknown[] = ['SIGABRT', 'SIGKILL', 134];

/**
 * Has a process read one document.
 * @returns whether the process can read another; if not, it has been ended
 */
export const readIn = (reader: ChildProcess, { request, passages, signal, timeoutMs }: Reading, log: Log): Promise<boolean> =>
  new Promise((resolve) => {
    /** @param isUsable whether the process is in order */
    const end = (isUsable: boolean, error?: ExtractError | NexusError): void => {
      clearTimeout(timeout);
      signal.removeEventListener('abort', onAbort);
      reader.off('message', onMessage).off('error', onError).off('exit', onExit);
      if (!isUsable) reader.kill('SIGKILL');
      if (!signal.aborted && error === undefined) passages.close();
      else if (!signal.aborted) passages.error(error);
      resolve(isUsable);
    };
    const onMessage = (message: ReadingMessage): void => {
      if (message.kind === 'passages') passages.enqueue(message.passages);
      else if (message.kind === 'done') end(true);
      else {
        if (message.cause !== undefined) log.warn('reading.unreadable', { error: message.cause });
        end(true, message.kind === 'refused' ? new ExtractError(message.code, message.message) : unreadable());
      }
    };
    const onExit = (code: number | null, killedBy: NodeJS.Signals | null): void => {
      log.warn('reading.process_ended', { code, signal: killedBy });
      end(false, fromOutside.includes(killedBy) ? interrupted() : outOfMemory.includes(killedBy ?? code) ? tooLarge() : unreadable());
    };
    const onError = (error: Error): void => {
      log.error('reading.process_failed', { error: error.message });
      end(false, interrupted());
    };
    const onAbort = (): void => end(false);
    const timeout = setTimeout(() => end(false, tooLate(timeoutMs)), timeoutMs);

    reader.on('message', onMessage).on('error', onError).on('exit', onExit);
    signal.addEventListener('abort', onAbort);
    reader.send(request);
  });
