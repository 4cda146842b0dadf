import { z } from 'zod';
import { type ApiKeyRecord, apiKeyRecordSchema, apiKeyStoreName, apiKeyStorePrefix } from '../../../shared/api-key.ts';
import { CliError, type Io } from '../command.ts';
import { type KvTarget, kvKey } from './wrangler.ts';

/** What a list shows of a key: kept beside the record, so that a list is one request. */
const summarySchema = z.object({
  name: z.string(),
  tenant_id: z.string(),
  roles: z.array(z.string()),
  expires_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
});
export type ApiKeySummary = z.infer<typeof summarySchema> & { id: string };

const listSchema = z.array(z.object({ name: z.string(), metadata: summarySchema.optional() }));

export const putKey = async (io: Io, target: KvTarget, id: string, record: ApiKeyRecord): Promise<void> => {
  const { name, tenant_id, roles, expires_at, revoked_at } = record;
  const summary = JSON.stringify({ name, tenant_id, roles, expires_at, revoked_at });
  await kvKey(io, target, 'put', apiKeyStoreName(id), JSON.stringify(record), '--metadata', summary);
};

export const listKeys = async (io: Io, target: KvTarget): Promise<ApiKeySummary[]> => {
  const listed = listSchema.parse(JSON.parse(await kvKey(io, target, 'list', '--prefix', apiKeyStorePrefix)));
  return listed.flatMap(({ name, metadata }) => (metadata === undefined ? [] : [{ id: name.slice(apiKeyStorePrefix.length), ...metadata }]));
};

/** @throws CliError `cli.no_key` */
export const readKey = async (io: Io, target: KvTarget, id: string): Promise<ApiKeyRecord> => {
  const known = await listKeys(io, target);
  if (!known.some((key) => key.id === id)) throw new CliError('cli.no_key', `There is no API key ${id} here. nexus keys list shows those that there are.`);
  return apiKeyRecordSchema.parse(JSON.parse(await kvKey(io, target, 'get', apiKeyStoreName(id), '--text')));
};
