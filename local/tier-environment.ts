import type { Secrets } from '../client/cli/stack-files.ts';
import { parseBindings } from '../edge/bindings.ts';
import { StartError } from './options.ts';
import type { TierRoutes } from './routes-default.ts';

/** Of the command line alone, or keys of the runner's own vendors: they have no place in what faces the public. */
const notForTheEdge: readonly string[] = ['NEXUS_URL', 'NEXUS_TOKEN', 'NEXUS_DATA', 'NEXUS_EMBEDDER_KEY', 'NEXUS_RERANKER_KEY'];

/** Credentials of object stores are the runner's alone: the edge reaches none. */
const isStorageVariable = (name: string): boolean => /^NEXUS_(GCS|S3|AZURE)_/.test(name);

const contractVariables = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] =>
        entry[0].startsWith('NEXUS_') && entry[1] !== undefined && !notForTheEdge.includes(entry[0]) && !isStorageVariable(entry[0]),
    ),
  );

export interface TierFacts {
  data: string;
  secrets: Secrets;
  routes: TierRoutes;
  runnerPort: number;
  runnerUrl: string;
}

/** The runner's environment: the shell's, the contract's variables as they are set there, and what makes it this stack's. */
export const runnerEnvironment = (env: NodeJS.ProcessEnv, { data, secrets, routes, runnerPort }: TierFacts): NodeJS.ProcessEnv => {
  const { NEXUS_URL: _url, NEXUS_TOKEN: _token, NEXUS_JWT_SECRET: _jwt, ...shell } = env;
  return {
    MALLOC_ARENA_MAX: '2',
    LANCEDB_LOG: 'error',
    NEXUS_EVENTS: 'local',
    ...shell,
    NEXUS_PROFILE: 'local',
    PORT: String(runnerPort),
    NEXUS_DATA: data,
    NEXUS_ROUTES: routes.runner,
    NEXUS_GRANT_SECRET: secrets.grant_secret,
    NEXUS_CURSOR_KEYS: secrets.cursor_keys,
  };
};

/**
 * Bindings of the edge, as wrangler's `--env-file` gives them to the Worker.
 * @throws StartError naming every bad one: the Worker itself could only answer 500
 */
export const edgeBindings = (env: NodeJS.ProcessEnv, { secrets, routes, runnerUrl }: TierFacts): Record<string, string> => {
  const bindings = {
    NEXUS_PLATFORM_KEYS: 'secret',
    NEXUS_RUNNERS: runnerUrl,
    ...contractVariables(env),
    NEXUS_JWT_SECRET: secrets.jwt_secret,
    NEXUS_GRANT_SECRET: secrets.grant_secret,
    NEXUS_CURSOR_KEYS: secrets.cursor_keys,
    NEXUS_ROUTES: routes.edge,
  };
  const parsed = parseBindings(bindings);
  if ('bindings' in parsed) return bindings;
  throw new StartError(`The edge cannot start:\n${parsed.problems.map(({ name, message }) => `  ${name}: ${message}`).join('\n')}`);
};

/** dotenv keeps what stands between quotes, but has no way to write every value: `$` is expanded unless escaped. */
const quoted = (name: string, value: string): string => {
  const quote = ["'", '`'].find((mark) => !value.includes(mark));
  if (quote === undefined || value.endsWith('\\'))
    throw new StartError(`${name} cannot be passed to the edge: it holds both ' and \`, or ends in a backslash.`);
  return `${quote}${value.replaceAll('$', '\\$')}${quote}`;
};

export const envFileText = (bindings: Record<string, string>): string =>
  Object.entries(bindings)
    .map(([name, value]) => `${name}=${quoted(name, value)}\n`)
    .join('');

/** wrangler's own environment: nothing of the shell that could change what it serves, nothing that phones home. */
export const wranglerEnvironment = (env: NodeJS.ProcessEnv, data: string): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(env).filter(([name]) => !/^(NEXUS_|CLOUDFLARE_|CF_|WRANGLER_|X_LOCAL_|NODE_OPTIONS$|FORCE_COLOR$)/.test(name))),
  NO_COLOR: '1',
  XDG_CONFIG_HOME: `${data}/edge/config`,
  DO_NOT_TRACK: '1',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_NO_SKILLS_UPDATE_PROMPTS: 'true',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_WRITE_LOGS: 'false',
  WRANGLER_REGISTRY_PATH: `${data}/edge/registry`,
  WRANGLER_CACHE_DIR: `${data}/edge/cache`,
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  CLOUDFLARE_INCLUDE_PROCESS_ENV: 'false',
  X_LOCAL_EXPLORER: 'false',
  X_LOCAL_OBSERVABILITY: 'false',
});
