import type { AcceptedDocument, Metadata, TaskError } from '../../shared/events.ts';
import type { FieldType } from '../../shared/http/spaces.ts';
import { limits } from '../../shared/limits.ts';
import { parseMicros } from '../../shared/time.ts';
import type { FieldValue } from '../ports/vector-store.ts';

export type Fields = Readonly<Record<string, FieldType>>;

const typeOf = (value: NonNullable<Metadata[string]>): FieldType => (Array.isArray(value) ? 'string[]' : (typeof value as 'string' | 'number' | 'boolean'));

/** A string fits a time field when it is RFC 3339. */
const fits = (value: NonNullable<Metadata[string]>, type: FieldType): boolean =>
  type === 'time' ? typeof value === 'string' && parseMicros(value) !== undefined : typeOf(value) === type;

const present = (metadata: Metadata | undefined): [string, NonNullable<Metadata[string]>][] =>
  Object.entries(metadata ?? {}).filter((entry): entry is [string, NonNullable<Metadata[string]>] => entry[1] !== null);

const fieldTypeOf = (fields: Fields, key: string): FieldType | undefined => (Object.hasOwn(fields, key) ? fields[key] : undefined);

/**
 * Settles the types of metadata keys in the order of the documents: the first value of a key decides, a later one that
 * does not fit refuses its own document and nothing else.
 */
export const settleFields = (known: Fields, documents: readonly AcceptedDocument[]): { fields: Fields; accepted: AcceptedDocument[]; refused: TaskError[] } => {
  let fields: Record<string, FieldType> = { ...known };
  const accepted: AcceptedDocument[] = [];
  const refused: TaskError[] = [];
  for (const document of documents) {
    const entries = present(document.metadata);
    const wrong = entries.find(([key, value]) => !fits(value, fieldTypeOf(fields, key) ?? typeOf(value)));
    const grown = {
      ...fields,
      ...Object.fromEntries(entries.filter(([key]) => fieldTypeOf(fields, key) === undefined).map(([key, value]) => [key, typeOf(value)])),
    };
    if (wrong !== undefined) {
      const type = fieldTypeOf(fields, wrong[0]);
      refused.push({
        doc_id: document.id,
        code: 'nexus.validation_failed',
        message: `Metadata ${wrong[0]} is a ${type} in this space; this document gives a ${typeOf(wrong[1])} that does not fit.`,
      });
    } else if (Object.keys(grown).length > limits.metadataKeysPerSpace) {
      refused.push({
        doc_id: document.id,
        code: 'nexus.validation_failed',
        message: `A space has at most ${limits.metadataKeysPerSpace} metadata keys; this document would add more.`,
      });
    } else {
      fields = grown;
      accepted.push(document);
    }
  }
  return { fields, accepted, refused };
};

/** Metadata as values of the table's columns: times become Unix microseconds. */
export const fieldValues = (metadata: Metadata | undefined, fields: Fields): Record<string, FieldValue> =>
  Object.fromEntries(present(metadata).map(([key, value]) => [key, fieldTypeOf(fields, key) === 'time' ? (parseMicros(String(value)) ?? 0) : value]));
