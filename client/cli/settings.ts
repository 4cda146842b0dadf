import { resolve } from 'node:path';
import type { Role } from '../../shared/context.ts';
import { limits } from '../../shared/limits.ts';
import { createNexus, type Nexus } from '../index.ts';
import { CliError, type Io } from './command.ts';
import { localJwtSecret, mintToken } from './mint-token.ts';
import { readStack, type Stack, stackPath } from './stack-files.ts';

/** Flags of every command that calls the API. */
export const connectionFlags = {
  url: { type: 'string' },
  token: { type: 'string' },
  data: { type: 'string' },
  env: { type: 'string' },
  project: { type: 'string' },
  surface: { type: 'string' },
  verbose: { type: 'boolean' },
} as const;

export const connectionHelp = `Where to, and as whom:
  --url URL          the edge; else NEXUS_URL, else the local stack that runs on the data folder
  --token TOKEN      a JWT or API key; else NEXUS_TOKEN, else one made for the local stack:
                     tenant t_local, env dev, project default, surface default, role writer
  --data DIR         data folder of the local stack; else NEXUS_DATA, else .nexus
  --env, --project, --surface NAME
                     choose among what the token allows
  --verbose          say on standard error which stack and context are used`;

export interface ConnectionValues {
  url?: string | undefined;
  token?: string | undefined;
  data?: string | undefined;
  env?: string | undefined;
  project?: string | undefined;
  surface?: string | undefined;
  verbose?: boolean | undefined;
}

export const localTenant = 't_local';
const localDefaults = { env: 'dev', project: 'default', surface: 'default' } as const;

export const dataFolder = (flag: string | undefined, io: Io): string => resolve(io.cwd, flag || io.env.NEXUS_DATA || '.nexus');

const sameOrigin = (a: string, b: string): boolean => {
  const origin = (url: string) => (URL.canParse(url) ? new URL(url).origin.replace('//localhost', '//127.0.0.1') : url);
  return origin(a) === origin(b);
};

const urlOf = (values: ConnectionValues, io: Io, stack: Stack | undefined, data: string): string => {
  const url = values.url || io.env.NEXUS_URL || stack?.edge;
  if (url !== undefined) return url;
  const why = stack === undefined ? `No local stack runs on ${data}` : `The local stack on ${data} is still starting`;
  throw new CliError('cli.no_stack', `${why}. Run npm start in a second terminal, or say where to: --url, NEXUS_URL, --data or NEXUS_DATA.`);
};

/** Only the stack whose secrets signed it ever sees a token that was made here. */
const localToken = async (values: ConnectionValues, io: Io, stack: Stack | undefined, url: string, data: string, roles: readonly Role[]): Promise<string> => {
  if (stack?.edge === undefined || !sameOrigin(url, stack.edge)) {
    throw new CliError('cli.no_token', `No token for ${url}. Give one with --token or NEXUS_TOKEN. (${stackPath(data)} does not name this URL.)`);
  }
  const { env = localDefaults.env, project = localDefaults.project, surface = localDefaults.surface } = values;
  const claims = { sub: 'nexus-cli', tenant_id: localTenant, env, project_id: project, surface_id: surface, roles: roles.join(',') };
  return mintToken(claims, await localJwtSecret(data, io), io.now(), limits.cliTokenTtlMs);
};

/**
 * Flags, then the environment, then the local stack.
 * @param roles of the token that is made when none is given
 * @throws CliError when it stays open which edge, or as whom
 */
export const connect = async (values: ConnectionValues, io: Io, roles: readonly Role[] = ['writer']): Promise<Nexus> => {
  const data = dataFolder(values.data, io);
  const stack = await readStack(data);
  const url = urlOf(values, io, stack, data);
  const given = values.token || io.env.NEXUS_TOKEN;
  const token = given || (await localToken(values, io, stack, url, data, roles));
  if (values.verbose) io.err(`${url} with ${given ? 'the token given' : `a token made for ${localTenant} (${roles.join(', ')})`}\n`);
  const context = { env: values.env, projectId: values.project, surfaceId: values.surface };
  return createNexus({ url, token, ...context, fetch: io.fetch, ...(io.sleep === undefined ? {} : { sleep: io.sleep }) });
};
