import type { Chunking } from '../../shared/events.ts';
import type { Passages } from '../extract/read-passages.ts';
import type { Source } from '../extract/source.ts';

/** Reads documents where it can do no harm. */
export interface Reader {
  /**
   * The text of a document and its chunks, from beginning to end, as they are found.
   * @param source its bytes are the reader's from now on
   * @param timeoutMs how long it may take, if that is less than usual
   * @throws ExtractError, while they are taken: of this document alone, whatever it does to memory and time; NexusError 503
   * when it is nobody's fault and trying again can help
   */
  read(source: Source, chunking: Chunking, timeoutMs?: number): AsyncIterable<Passages>;
}
