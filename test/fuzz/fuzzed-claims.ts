import fc from 'fast-check';
import { contextSchema, credentialSchema } from '../../shared/context.ts';
import { broken } from './broken.ts';
import { fromSchema } from './from-schema.ts';

/**
 * What is wrong with a credential, if anything. `odd`: rightly signed, and says what nobody would issue; `key`: an API
 * key; `damaged`: one character is another.
 */
export type Credential = { kind: 'good' | 'none' | 'key' } | { kind: 'damaged'; where: number; ofKey: boolean } | { kind: 'odd'; claims: unknown };

const asObject = (value: unknown): object => (value !== null && typeof value === 'object' && !Array.isArray(value) ? value : { claims: value });

/** Claims of a token, or the context in a grant: made by the schema, or nearly. */
const claims = fc.oneof(
  fromSchema(credentialSchema),
  broken(fromSchema(credentialSchema)).map(asObject),
  fromSchema(contextSchema),
  broken(fromSchema(contextSchema)),
);

export const fuzzedCredential: fc.Arbitrary<Credential> = fc.oneof(
  { weight: 24, arbitrary: fc.constant({ kind: 'good' as const }) },
  { weight: 2, arbitrary: fc.constantFrom({ kind: 'none' as const }, { kind: 'key' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('damaged' as const), where: fc.nat(), ofKey: fc.boolean() }) },
  { weight: 2, arbitrary: claims.map((value) => ({ kind: 'odd' as const, claims: value })) },
);

/** One character is another. */
export const damaged = (text: string, where: number): string => {
  const at = where % text.length;
  return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
};
