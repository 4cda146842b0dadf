import type { TaskError } from '../../../shared/events.ts';
import { documentSchema, type IngestDocument } from '../../../shared/http/ingest.ts';
import { parseWith } from '../../../shared/http/parse.ts';

export type DocumentOrRefusal = { document: IngestDocument } | { refused: TaskError };

export const refusal = (docId: string | null, code: string, message: string): DocumentOrRefusal => ({ refused: { doc_id: docId, code, message } });

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json => value !== null && typeof value === 'object' && !Array.isArray(value);

const isBeir = (value: Json): boolean => '_id' in value && typeof value.text === 'string';

/** BEIR's `{_id, title, text, metadata?}`: the title belongs to the text, as that collection's baselines read it. */
const fromBeir = ({ _id, title, text, metadata }: Json): unknown => {
  const hasTitle = typeof title === 'string' && title !== '';
  const all = { ...(isObject(metadata) ? metadata : {}), ...(hasTitle ? { title } : {}) };
  return {
    id: String(_id),
    text: hasTitle ? `${title}\n\n${text}` : text,
    ...(Object.keys(all).length === 0 ? {} : { metadata: all }),
  };
};

/** A document as it is, whichever of the two shapes it has. @throws NexusError 422 saying what is wrong with it */
export const documentOf = (value: unknown): IngestDocument => parseWith(documentSchema, isObject(value) && isBeir(value) ? fromBeir(value) : value);

/** @param where file and line, for the message */
export const documentOfLine = (line: string, where: string): DocumentOrRefusal => {
  try {
    return { document: documentOf(JSON.parse(line)) };
  } catch (error) {
    const code = error instanceof SyntaxError ? 'nexus.malformed_json' : 'nexus.validation_failed';
    return refusal(null, code, `${where}: ${(error as Error).message}`);
  }
};

/**
 * A `.json` file that is a document or a list of documents; undefined: it is a file like any other.
 * @throws SyntaxError, which says where, when it is no JSON
 */
export const documentsOfJson = (text: string): IngestDocument[] | undefined => {
  const value: unknown = JSON.parse(text);
  try {
    if (!Array.isArray(value)) return [documentOf(value)];
    return value.length === 0 ? undefined : value.map(documentOf);
  } catch {
    return undefined;
  }
};
