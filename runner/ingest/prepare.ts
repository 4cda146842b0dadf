import { createHash } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import type { AcceptedDocument, Chunking } from '../../shared/events.ts';
import { limits } from '../../shared/limits.ts';
import { type Chunk, chunkText } from '../chunk/chunk-text.ts';
import { ExtractError, type Extracted, extract } from '../extract/extract.ts';
import type { Blobs } from '../ports/blobs.ts';
import type { ChunkRow } from '../ports/vector-store.ts';
import type { Order } from '../store/order.ts';
import { type Fields, fieldValues } from './fields.ts';
import { unpackVector } from './packed-vector.ts';

export interface PrepareDeps {
  /** Of the target space's blob route. */
  blobs: Blobs;
  fields: Fields;
}

const markdownTypes = /^text\/(x-)?markdown/i;

/** The stored bytes are not those that were uploaded. */
export class DamagedContentError extends ExtractError {}

const bytesOf = async ({ content, blob }: AcceptedDocument, blobs: Blobs): Promise<Uint8Array> => {
  if (content !== undefined) return Buffer.from(content.data_base64, 'base64');
  const bytes = blob === undefined ? undefined : await blobs.getBytes(blob.location);
  if (bytes === undefined) throw new ExtractError('nexus.validation_failed', 'The file is no longer there. Upload it again.');
  // Content is named by its hash, so damage tells itself.
  if (blob !== undefined && !blob.location.endsWith(`/${createHash('sha256').update(bytes).digest('hex')}`))
    throw new DamagedContentError('nexus.validation_failed', 'The stored file is damaged. Upload it again.');
  return bytes;
};

const isMarkdownName = (ref: string): boolean => /\.(md|markdown)$/i.test(ref);

const extracted = async (document: AcceptedDocument, blobs: Blobs): Promise<Extracted> => {
  if (document.text !== undefined) return { text: document.text, markdown: false };
  const mediaType = document.content?.media_type ?? (isMarkdownName(document.blob?.ref ?? '') ? 'text/markdown' : 'text/plain');
  return extract(await bytesOf(document, blobs), markdownTypes.test(mediaType) ? 'text/markdown' : mediaType);
};

const textOf = async (document: AcceptedDocument, blobs: Blobs): Promise<Extracted> => {
  const found = await extracted(document, blobs);
  if (found.text.length > limits.textChars) throw new ExtractError('nexus.validation_failed', `The text is over ${limits.textChars} characters.`);
  // Storage is UTF-8, which has no lone surrogates; the replacement has the same length, so offsets stay true.
  return { ...found, text: found.text.toWellFormed() };
};

const hasText = ({ text, content, blob }: AcceptedDocument): boolean => text !== undefined || content !== undefined || blob !== undefined;

/** The text between the chunks, which overlap or leave white space out: kept, so that the text can be given back exactly. */
const leadsOf = (text: string, chunks: readonly (Chunk | undefined)[]): string[] => {
  let covered = 0;
  return chunks.map((chunk) => {
    const lead = text.slice(covered, Math.max(covered, chunk?.start ?? 0));
    covered = Math.max(covered, chunk?.end ?? 0);
    return lead;
  });
};

/** A text that was given as empty is a document all the same, with metadata and nothing to read; an empty file is a mistake. */
const chunksOf = (document: AcceptedDocument, source: Extracted | undefined, chunking: Chunking): (Chunk | undefined)[] => {
  if (source === undefined) return [undefined];
  const chunks = chunkText(source.text, document.vector === undefined ? chunking : { strategy: 'none' }, source.markdown);
  return chunks.length === 0 && document.text !== undefined ? [{ start: 0, end: 0, headings: [] }] : chunks;
};

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
 * @throws ExtractError when it cannot be read
 */
export const draftDocument = async ({ blobs, fields }: PrepareDeps, document: AcceptedDocument, chunking: Chunking, order: Order): Promise<Draft> => {
  const source = hasText(document) ? await textOf(document, blobs) : undefined;
  const chunks = chunksOf(document, source, chunking);
  if (chunks.length === 0) throw new ExtractError('nexus.validation_failed', 'The document holds no text.');
  await breathe();

  const pieces = chunks.map((chunk) => (chunk === undefined || source === undefined ? null : source.text.slice(chunk.start, chunk.end)));
  const own = document.vector === undefined ? undefined : [unpackVector(document.vector)];
  const texts = own === undefined ? pieces.map((piece, index) => [...(chunks[index]?.headings ?? []), piece ?? ''].join('\n')) : [];
  const leads = source === undefined ? [] : leadsOf(source.text, chunks);
  const common = {
    doc_id: document.id,
    ...order,
    type: document.type,
    metadata: document.metadata === undefined ? null : JSON.stringify(document.metadata),
    fields: fieldValues(document.metadata, fields),
    source_uri: document.blob?.ref ?? null,
    page: null,
  };
  const rows: Draft['rows'] = (embedded) => {
    const vectors = own ?? embedded;
    return chunks.map((chunk, index): ChunkRow => {
      const vector = vectors[index];
      if (vector === undefined) throw new Error(`there are ${vectors.length} vectors for ${chunks.length} texts`);
      return {
        ...common,
        id: `${document.id}#${index}`,
        chunk: index,
        text: pieces[index] ?? null,
        vector,
        start: chunk?.start ?? null,
        end: chunk?.end ?? null,
        lead: leads[index] ?? null,
      };
    });
  };
  return { docId: document.id, texts, rows };
};
