import { z } from 'zod';
import { cursorKeysSchema } from '../shared/cursor.ts';
import { limits } from '../shared/limits.ts';
import { isPrivateWire } from '../shared/private-wire.ts';
import { checkEmbedder, embedderVariables } from './embedder-environment.ts';
import { isInlineRegistry, parseRegistry } from './registry.ts';
import { checkReranker, rerankerVariables } from './reranker-environment.ts';
import { halfSettings, type StorageVariables, storageSettings, storageVariables } from './storage-settings.ts';
import { telemetryVariables } from './telemetry-environment.ts';

const secret = z.string().min(limits.secretChars, `must have at least ${limits.secretChars} characters`);

/** Inline JSON is judged with all the rest; a file is when it is first read. */
const routes = z
  .string()
  .min(1)
  .superRefine((text, ctx) => {
    try {
      if (isInlineRegistry(text)) parseRegistry(text);
    } catch (error) {
      ctx.addIssue({ code: 'custom', message: (error as Error).message });
    }
  });

/** Of an inline registry that is well-formed: roots that these settings do not reach. */
const unreachableRoots = (env: StorageVariables & { NEXUS_ROUTES: string }): string[] => {
  try {
    if (isInlineRegistry(env.NEXUS_ROUTES)) parseRegistry(env.NEXUS_ROUTES, storageSettings(env));
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
};

/** Whose pushes are believed: a role that takes none needs neither. */
const pushVariables = ['NEXUS_PUSH_AUDIENCE', 'NEXUS_PUSH_EMAIL'] as const;

const schema = z
  .object({
    NEXUS_PROFILE: z.enum(['local', 'cloud']),
    NEXUS_ROLE: z.enum(['all', 'query', 'worker']).default('all'),
    /** Requests that work at once; left out: by the number of cores and by where the tables lie. */
    NEXUS_CONCURRENCY: z.coerce.number<string>().int().min(1).max(4096).optional(),
    PORT: z.coerce.number<string>().int().min(0).max(65_535).default(8788),
    /** Inline JSON, or a path. */
    NEXUS_ROUTES: routes,
    NEXUS_GRANT_SECRET: secret,
    /** Still taken while the edge changes to the new one. */
    NEXUS_GRANT_SECRET_OLD: secret.optional(),
    NEXUS_CURSOR_KEYS: cursorKeysSchema,
    /** Folder of the embedded adapters: the event spool and its key. */
    NEXUS_DATA: z.string().min(1).optional(),
    NEXUS_EVENTS: z.enum(['local', 'pubsub']).default('local'),
    NEXUS_PUBSUB_TOPIC: z
      .string()
      .regex(/^projects\/[^/]+\/topics\/[^/]+$/, 'must be projects/{project}/topics/{topic}')
      .optional(),
    /** By the name that Google's own tools give it. */
    PUBSUB_EMULATOR_HOST: z
      .string()
      .regex(/^[^/:]+:\d{1,5}$/, 'must be host:port')
      .optional(),
    /** The subscription's acknowledgement deadline: a request that takes longer goes on with the next delivery. */
    NEXUS_PUSH_DEADLINE_MS: z.coerce.number<string>().int().min(limits.pushTimeoutMsMin).max(limits.pushTimeoutMs).default(limits.pushTimeoutMs),
    NEXUS_PUSH_AUTH: z.enum(['oidc', 'none']).default('oidc'),
    NEXUS_PUSH_AUDIENCE: z.string().min(1).optional(),
    NEXUS_PUSH_EMAIL: z.email().optional(),
    NEXUS_PUSH_JWKS_URL: z.url().refine(isPrivateWire, 'must be https, or http on this machine').default('https://www.googleapis.com/oauth2/v3/certs'),
    ...embedderVariables,
    /** `manual`: a space is drawn only when somebody asks for it. */
    NEXUS_HAZE: z.enum(['auto', 'manual']).default('auto'),
    ...rerankerVariables,
    ...storageVariables,
    ...telemetryVariables,
  })
  // `when`: told also beside other problems, so that a bad start names every bad variable at once.
  .superRefine(
    (env, ctx) => {
      const wrong = (name: string, message: string) => ctx.addIssue({ code: 'custom', path: [name], message });
      if (env.NEXUS_EVENTS === 'pubsub') {
        const needed = ['NEXUS_PUBSUB_TOPIC', ...(env.NEXUS_ROLE === 'query' || env.NEXUS_PUSH_AUTH === 'none' ? [] : pushVariables)] as const;
        for (const name of needed) if (env[name] === undefined) wrong(name, 'is needed with NEXUS_EVENTS=pubsub');
      }
      if (env.NEXUS_PROFILE === 'cloud' && env.NEXUS_EVENTS === 'local') wrong('NEXUS_EVENTS', 'must be pubsub in the profile cloud');
      else if (env.NEXUS_EVENTS === 'local' && env.NEXUS_DATA === undefined) wrong('NEXUS_DATA', 'is needed by the local event spool');
      for (const [name, message] of halfSettings(env)) wrong(name, message);
      for (const message of unreachableRoots(env)) wrong('NEXUS_ROUTES', message);
      checkEmbedder(env, wrong);
      checkReranker(env, wrong);
      if (env.NEXUS_PUSH_AUTH === 'none' && env.NEXUS_PROFILE !== 'local') wrong('NEXUS_PUSH_AUTH', 'none works only with NEXUS_PROFILE=local');
    },
    { when: () => true },
  );

export type Environment = z.infer<typeof schema>;

/** Every bad variable at once, by name; values are never shown. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

/** @throws EnvironmentError */
export const parseEnvironment = (env: Readonly<Record<string, string | undefined>>): Environment => {
  const result = schema.safeParse(env);
  if (result.success) return result.data;
  const lines = result.error.issues.map(
    ({ path, message, code }) => `  ${path.join('.')}: ${code === 'invalid_type' && env[String(path[0])] === undefined ? 'is not set' : message}`,
  );
  throw new EnvironmentError(`The runner cannot start:\n${[...new Set(lines)].join('\n')}`);
};

/** What a process needs to run at all, beside our own prefix. */
const kept = new Set([
  'PATH',
  'HOME',
  'TMPDIR',
  'TZ',
  'LANG',
  'NODE_OPTIONS',
  'NODE_ENV',
  'MALLOC_ARENA_MAX',
  'LANCEDB_LOG',
  'LD_PRELOAD',
  'PORT',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'K_SERVICE',
  'K_REVISION',
]);

/**
 * Lance takes any variable of the process as a storage option, lower-cased: a stray `BASE_URL` or `TIMEOUT` would
 * redirect or break it. So all that is not known to be harmless goes.
 */
export const cleanEnvironment = (env: NodeJS.ProcessEnv): void => {
  for (const name of Object.keys(env)) if (!kept.has(name) && !/^(NEXUS_|LC_)/.test(name)) delete env[name];
};
