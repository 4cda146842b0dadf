import { createHash } from 'node:crypto';
import type { AcceptedDocument } from '../../shared/events.ts';
import { ExtractError } from '../extract/extract-error.ts';
import type { Source } from '../extract/source.ts';
import type { Blobs } from '../ports/blobs.ts';

/** The stored bytes are not those that were uploaded. */
export class DamagedContentError extends ExtractError {}

/** @throws ExtractError when they are gone, or damaged */
export const bytesAt = async (location: string, blobs: Blobs): Promise<Uint8Array> => {
  const bytes = await blobs.getBytes(location);
  if (bytes === undefined) throw new ExtractError('nexus.validation_failed', 'The file is no longer there. Upload it again.');
  // Content is named by its hash, so damage tells itself.
  if (!location.endsWith(`/${createHash('sha256').update(bytes).digest('hex')}`))
    throw new DamagedContentError('nexus.validation_failed', 'The stored file is damaged. Upload it again.');
  return bytes;
};

/**
 * What an accepted document has to be read, if anything: one that brings its vector may have no text.
 * @throws ExtractError when its file is gone or damaged
 */
export const sourceOf = async ({ text, content, blob }: AcceptedDocument, blobs: Blobs): Promise<Source | undefined> => {
  if (text !== undefined) return { text };
  if (content !== undefined) return { bytes: Buffer.from(content.data_base64, 'base64'), mediaType: content.media_type, name: '' };
  return blob === undefined ? undefined : { bytes: await bytesAt(blob.location, blobs), mediaType: '', name: blob.ref };
};
