import { z } from 'zod';
import { equalInConstantTime, hex, randomBytes, sha256Hex, utf8 } from './bytes.ts';
import { credentialSchema } from './context.ts';

/** API keys: `nxk_{id}_{secret}`. What is stored is the secret's digest and what the key allows (contract section 2). */

const tokenPattern = /^nxk_([0-9a-f]{16})_([0-9a-f]{64})$/;
export const apiKeyPrefix = 'nxk_';
export const apiKeyIdPattern = /^[0-9a-f]{16}$/;

/** Beside the key `routes` in the namespace NEXUS_CONFIG. */
export const apiKeyStorePrefix = 'api-keys/';
export const apiKeyStoreName = (id: string): string => `${apiKeyStorePrefix}${id}`;

export const apiKeyRecordSchema = credentialSchema.extend({
  /** For people. */
  name: z.string(),
  /** Of the secret, in hex. It has 256 random bits: nothing slower is needed. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** The platform's: may speak for `t_system` and hold `admin` and `system`. */
  platform: z.boolean().default(false),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime().nullable(),
  revoked_at: z.iso.datetime().nullable(),
});
export type ApiKeyRecord = z.infer<typeof apiKeyRecordSchema>;

/** @returns undefined when it is no API key */
export const parseApiKey = (token: string): { id: string; secret: string } | undefined => {
  const [, id, secret] = tokenPattern.exec(token) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
};

/** A new key: the token is shown once, and only the digest is kept. */
export const newApiKey = (): { id: string; token: string; sha256: string } => {
  const [id, secret] = [hex(randomBytes(8)), hex(randomBytes(32))];
  return { id, token: `${apiKeyPrefix}${id}_${secret}`, sha256: sha256Hex(secret) };
};

export const isSecretOf = (record: ApiKeyRecord, secret: string): boolean => equalInConstantTime(utf8(sha256Hex(secret)), utf8(record.sha256));
