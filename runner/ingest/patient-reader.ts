import { limits } from '../../shared/limits.ts';
import { ExtractError } from '../extract/extract-error.ts';
import type { Reader } from '../ports/reader.ts';

/**
 * A reader for the documents of one request. Each that takes too long halves the time that the next ones get, and after a
 * few of them no more are waited for: otherwise the request would take longer than its event may, come again, and never
 * end, and its good documents with it.
 */
export const patientReader = (reader: Reader): Reader => {
  let late = 0;
  return {
    async *read(source, chunking) {
      if (late >= limits.lateDocuments)
        throw new ExtractError('nexus.timeout', 'Too many documents of this request took too long to read. Send this one in a request of its own.');
      try {
        yield* reader.read(source, chunking, Math.max(limits.readingMsMin, limits.readingMs / 2 ** late));
      } catch (error) {
        if (error instanceof ExtractError && error.code === 'nexus.timeout') late++;
        throw error;
      }
    },
  };
};
