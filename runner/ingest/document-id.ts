import { createHash } from 'node:crypto';
import { canonicalJson } from '../../shared/canonical-json.ts';
import type { AcceptedDocument } from '../../shared/events.ts';

const hexDigits = 40;

/** Id of a document that came without one: a hash of content, type and metadata, so that a repeat is not a second document. */
export const contentId = ({ type, metadata, text, content, blob, vector }: Omit<AcceptedDocument, 'id'>): string => {
  const identity = canonicalJson({ type, metadata, text, data: content?.data_base64, blob: blob?.location, vector });
  return `h_${createHash('sha256').update(identity).digest('hex').slice(0, hexDigits)}`;
};
