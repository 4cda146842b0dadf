import { setImmediate as breathe } from 'node:timers/promises';
import type { AcceptedDocument, Chunking } from '../../shared/events.ts';
import type { Chunk } from '../chunk/chunk-text.ts';
import { ExtractError } from '../extract/extract-error.ts';
import { isHarmless, type Passages, readPassages } from '../extract/read-passages.ts';
import type { Source } from '../extract/source.ts';
import type { Blobs } from '../ports/blobs.ts';
import type { Reader } from '../ports/reader.ts';
import type { ChunkRow } from '../ports/vector-store.ts';
import type { Order } from '../store/order.ts';
import { indexedTerms } from '../text/terms.ts';
import { sourceOf } from './document-source.ts';
import { type Fields, fieldValues } from './fields.ts';
import { unpackVector } from './packed-vector.ts';

export interface PrepareDeps {
  /** Of the target space's blob route. */
  blobs: Blobs;
  reader: Reader;
  fields: Fields;
}

/** A passage of a document, or what stands for a document that has none. */
interface Piece {
  chunk?: Chunk;
  text: string | null;
  /** What stands between the passage before and this one: kept, so that the text can be given back exactly. */
  lead: string | null;
  tail?: string;
}

/** Passages, one after another, that overlap or leave white space out → pieces that say what was left out. */
const createCutter = (): { cut: (passages: Passages) => Piece[]; rest: () => string } => {
  /** Text that no chunk has covered yet, and where it begins. */
  let open = '';
  let from = 0;
  const cut = ({ text, chunks }: Passages): Piece[] => {
    const known = open + text;
    const knownFrom = from;
    const between = (start: number, end: number): string => known.slice(start - knownFrom, Math.max(start, end) - knownFrom);
    const pieces = chunks.map((chunk): Piece => {
      const lead = between(from, chunk.start);
      from = Math.max(from, chunk.end);
      return { chunk, text: between(chunk.start, chunk.end), lead };
    });
    open = known.slice(from - knownFrom);
    return pieces;
  };
  return { cut, rest: () => open };
};

/** @param progress told how many pieces there are, as they become more */
const piecesOf = async (
  { reader }: PrepareDeps,
  source: Source | undefined,
  chunking: Chunking,
  progress: (chunks: number) => Promise<void>,
): Promise<Piece[]> => {
  if (source === undefined) return [{ text: null, lead: null }];
  const { cut, rest } = createCutter();
  const pieces: Piece[] = [];
  for await (const passages of isHarmless(source) ? readPassages(source, chunking) : reader.read(source, chunking)) {
    for (const piece of cut(passages)) pieces.push(piece);
    await progress(pieces.length);
  }
  const last = pieces.at(-1);
  if (last !== undefined) {
    last.tail = rest();
    return pieces;
  }
  // A text that was given as empty is a document all the same, with metadata and nothing to read; an empty file is a mistake.
  if (!('text' in source)) throw new ExtractError('nexus.validation_failed', 'The document holds no text.');
  return [{ chunk: { start: 0, end: 0, headings: [] }, text: '', lead: '' }];
};

/** What a caller calls a document counts when its text is searched. */
const titlesOf = ({ metadata }: AcceptedDocument): string[] => (typeof metadata?.title === 'string' ? [metadata.title] : []);

/** A document that is read and cut, and waits for its vectors. */
export interface Draft {
  docId: string;
  /** What is to be embedded; nothing when the document brings its own vector. */
  texts: readonly string[];
  /** @param vectors of `texts`, one each, in order */
  rows: (vectors: readonly Float32Array[]) => ChunkRow[];
}

/**
 * One accepted document → its rows but for the vectors.
 * @param progress told how many chunks it has, as they become more
 * @throws ExtractError when it cannot be read
 */
export const draftDocument = async (
  deps: PrepareDeps,
  document: AcceptedDocument,
  chunking: Chunking,
  order: Order,
  progress: (chunks: number) => Promise<void>,
): Promise<Draft> => {
  // Somebody else's vector is of the whole document.
  const own = document.vector === undefined ? undefined : [unpackVector(document.vector)];
  const pieces = await piecesOf(deps, await sourceOf(document, deps.blobs), own === undefined ? chunking : { strategy: 'none' }, progress);
  await breathe();

  const texts = own === undefined ? pieces.map(({ chunk, text }) => [...(chunk?.headings ?? []), text ?? ''].join('\n')) : [];
  const titles = titlesOf(document);
  const words = pieces.map(({ chunk, text }) => (text === null ? null : indexedTerms(text, [...titles, ...(chunk?.headings ?? [])])));
  const common = {
    doc_id: document.id,
    ...order,
    type: document.type,
    metadata: document.metadata === undefined ? null : JSON.stringify(document.metadata),
    fields: fieldValues(document.metadata, deps.fields),
    source_uri: document.blob?.ref ?? null,
  };
  const rows: Draft['rows'] = (embedded) => {
    const vectors = own ?? embedded;
    return pieces.map(({ chunk, text, lead, tail = '' }, index): ChunkRow => {
      const vector = vectors[index];
      if (vector === undefined) throw new Error(`there are ${vectors.length} vectors for ${pieces.length} texts`);
      const place = { page: chunk?.page ?? null, start: chunk?.start ?? null, end: chunk?.end ?? null };
      const said = { text, words: words[index] ?? null };
      return { ...common, id: `${document.id}#${index}`, chunk: index, ...said, vector, ...place, lead, ...(tail === '' ? {} : { tail }) };
    });
  };
  return { docId: document.id, texts, rows };
};
