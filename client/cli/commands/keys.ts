import { apiKeyIdPattern, newApiKey, parseApiKey } from '../../../shared/api-key.ts';
import { CliError, type Command, durationMs, type Io, parseFlags, printable, requireFlag } from '../command.ts';
import { listKeys, putKey, readKey } from '../keys/key-store.ts';
import type { KvTarget } from '../keys/wrangler.ts';
import { parseClaims } from '../mint-token.ts';
import { dataFolder } from '../settings.ts';

const example = 'nexus keys create --name "nightly import" --tenant t_a --project p1 --surface marketing';

const help = `nexus keys: API keys of the edge

  ${example}
  nexus keys create --tenant t_a --project '*' --surface '*' --roles reader --ttl 90d --deployment production
  nexus keys list
  nexus keys revoke 0123456789abcdef

create prints the key, once; what is stored is its digest. A revoked key stops working within two minutes everywhere.

  --name TEXT        for people; the key's id unless given
  --tenant ID        t_ and lower-case letters, digits, _ or -
  --project, --surface, --env NAME[,NAME…]
                     one value, several, or '*' for any; env is dev unless given
  --roles LIST       of reader, writer; with --platform also of admin, system. writer unless given
  --ttl TIME         1h, 90d; without it the key does not expire
  --platform         the key is the platform's: it may hold admin and system, and speak for t_system
  --deployment NAME  a named environment of wrangler.toml, in your Cloudflare account (wrangler login, or
                     CLOUDFLARE_API_TOKEN). Without it: the local stack
  --data DIR         data folder of the local stack; else NEXUS_DATA, else .nexus
  --json             the record instead of words
`;

const flags = {
  name: { type: 'string' },
  tenant: { type: 'string' },
  project: { type: 'string' },
  surface: { type: 'string' },
  env: { type: 'string', default: 'dev' },
  roles: { type: 'string', default: 'writer' },
  ttl: { type: 'string' },
  platform: { type: 'boolean' },
  deployment: { type: 'string' },
  data: { type: 'string' },
  json: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parseFlags<typeof flags>>['values'];

const targetOf = ({ deployment, data }: Values, io: Io): KvTarget => (deployment === undefined ? { local: dataFolder(data, io) } : { deployment });

const nameCharsMax = 100;

const create = async (values: Values, io: Io): Promise<void> => {
  const { id, token, sha256 } = newApiKey();
  const claims = parseClaims({
    sub: `key:${id}`,
    tenant_id: requireFlag('tenant', values.tenant, example),
    env: values.env,
    project_id: requireFlag('project', values.project, example),
    surface_id: requireFlag('surface', values.surface, example),
    roles: values.roles,
  });
  const platform = values.platform === true;
  if (!platform && (claims.tenant_id === 't_system' || claims.roles.some((role) => role === 'admin' || role === 'system')))
    throw new CliError('cli.usage', 'The roles admin and system and the tenant t_system are the platform’s: add --platform if this key is.');
  const name = values.name ?? id;
  if (name.length > nameCharsMax) throw new CliError('cli.usage', `--name must have at most ${nameCharsMax} characters.`);
  const expires_at = values.ttl === undefined ? null : new Date(io.now() + durationMs('ttl', values.ttl)).toISOString();
  const record = { ...claims, name, sha256, platform, created_at: new Date(io.now()).toISOString(), expires_at, revoked_at: null };
  await putKey(io, targetOf(values, io), id, record);
  const { sha256: _, ...shown } = record;
  io.out(values.json ? `${JSON.stringify({ id, key: token, ...shown })}\n` : `${token}\n`);
  if (!values.json) io.err(`Key ${id} (${printable(name)}) works from now on${expires_at === null ? '' : ` until ${expires_at}`}. It is not shown again.\n`);
};

const list = async (values: Values, io: Io): Promise<void> => {
  const keys = await listKeys(io, targetOf(values, io));
  if (values.json) return io.out(`${JSON.stringify({ keys })}\n`);
  const stateOf = ({ revoked_at, expires_at }: (typeof keys)[number]): string => {
    if (revoked_at !== null) return `revoked ${revoked_at}`;
    if (expires_at === null) return 'good';
    return Date.parse(expires_at) <= io.now() ? `expired ${expires_at}` : `good until ${expires_at}`;
  };
  for (const key of keys) io.out(`${key.id}  ${key.tenant_id}  ${key.roles.join(',')}  ${stateOf(key)}  ${printable(key.name)}\n`);
};

const revoke = async (given: string | undefined, values: Values, io: Io): Promise<void> => {
  const id = given === undefined ? undefined : (parseApiKey(given)?.id ?? given);
  if (id === undefined || !apiKeyIdPattern.test(id)) throw new CliError('cli.usage', 'Say which key: nexus keys revoke ID. nexus keys list shows the ids.');
  const target = targetOf(values, io);
  const record = await readKey(io, target, id);
  const revoked = { ...record, revoked_at: record.revoked_at ?? new Date(io.now()).toISOString() };
  await putKey(io, target, id, revoked);
  io.out(values.json ? `${JSON.stringify({ id, revoked_at: revoked.revoked_at })}\n` : `${id} is revoked. It stops working within two minutes.\n`);
};

export const keysCommand: Command = {
  name: 'keys',
  summary: 'make, list and revoke API keys',
  help,
  run: async (argv, io) => {
    const { values, positionals } = parseFlags(argv, flags);
    const [verb, id, ...rest] = positionals;
    if (!['create', 'list', 'revoke'].includes(verb ?? '') || rest.length > 0 || (verb !== 'revoke' && id !== undefined))
      throw new CliError('cli.usage', 'Say what to do: nexus keys create, nexus keys list, or nexus keys revoke ID. See nexus keys --help.');
    if (verb === 'create') await create(values, io);
    else if (verb === 'list') await list(values, io);
    else await revoke(id, values, io);
    return 0;
  },
};
