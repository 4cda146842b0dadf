import type { Chunking } from '../../shared/events.ts';
import { limits } from '../../shared/limits.ts';
import { type Chunk, createChunker, type Part } from '../chunk/chunk-text.ts';
import { extract } from './extract.ts';
import { ExtractError } from './extract-error.ts';
import { mayUnpack } from './kind.ts';
import type { Source } from './source.ts';

/** The next stretch of a document's text, and the chunks in it; their offsets count from the beginning of the whole text. */
export interface Passages {
  text: string;
  chunks: Chunk[];
}

/** Whether a document is so short and plain that reading it takes neither time nor memory. */
export const isHarmless = (source: Source): boolean =>
  'text' in source ? source.text.length <= limits.readInPlaceChars : source.bytes.length <= limits.readInPlaceBytes && !mayUnpack(source.bytes);

/** All parts as one: who wants a document whole wants no pages. */
const whole = async (parts: AsyncIterable<Part> | Iterable<Part>): Promise<Part> => {
  let text = '';
  let page: number | undefined;
  for await (const part of bounded(parts)) {
    text += part.text;
    page ??= part.page;
  }
  return { text, ...(page === undefined ? {} : { page }) };
};

async function* bounded(parts: AsyncIterable<Part> | Iterable<Part>): AsyncGenerator<Part> {
  let chars = 0;
  for await (const part of parts) {
    chars += part.text.length;
    if (chars > limits.textChars)
      throw new ExtractError('nexus.payload_too_large', `The document has more than ${limits.textChars} characters of text. Split it.`);
    // Storage is UTF-8, which has no lone surrogates; the replacement has the same length, so offsets stay true.
    yield { ...part, text: part.text.toWellFormed() };
  }
}

/**
 * A document as text and chunks, a bounded number at a time, as soon as they are known.
 * @throws ExtractError, also late
 */
export async function* readPassages(source: Source, chunking: Chunking): AsyncGenerator<Passages> {
  const { title, parts } = await extract(source);
  const chunkPart = createChunker(chunking, title);
  if (chunking.strategy === 'none') {
    const part = await whole(parts);
    return yield { text: part.text, chunks: chunkPart(part) };
  }
  let ready: Passages = { text: '', chunks: [] };
  for await (const part of bounded(parts)) {
    const chunks = chunkPart(part);
    ready = { text: ready.text + part.text, chunks: [...ready.chunks, ...chunks] };
    if (ready.chunks.length < limits.passagesAtOnce) continue;
    yield ready;
    ready = { text: '', chunks: [] };
  }
  yield ready;
}
