import { z } from 'zod';
import { cursorKeysSchema } from '../shared/cursor.ts';
import { limits } from '../shared/limits.ts';
import { isPrivateWire } from '../shared/private-wire.ts';
import { registrySchema } from '../shared/routes.ts';
import { serviceAccountSchema } from './runner-identity.ts';
import { keySources } from './token-algorithms.ts';

/** What the edge reads of KV. */
export interface ConfigStore {
  get(key: string): Promise<string | null>;
}

/** Cloudflare's rate limit, as far as the edge uses it. */
export interface RateLimiter {
  limit(options: { key: string }): Promise<{ success: boolean }>;
}

/** Files that are served as they are: the viewer. */
export interface Assets {
  fetch(request: Request): Promise<Response>;
}

const secretSchema = z.string().min(limits.secretChars);
const httpUrl = z.url({ protocol: /^https?$/ });

const jwksUrlSchema = httpUrl.refine(isPrivateWire, 'must be https, or http on this machine');

const listOf = <T>(item: z.ZodType<T, string>) =>
  z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(item));

const inlineJson = z.string().transform((text, ctx): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    ctx.addIssue({ code: 'custom', message: 'is not JSON' });
    return z.NEVER;
  }
});

const hasMethod = (value: unknown, name: string): boolean =>
  value !== null && typeof value === 'object' && typeof (value as Record<string, unknown>)[name] === 'function';
const bound = <T>(method: string, what: string) => z.custom<T>((value) => hasMethod(value, method), `must be ${what}`).optional();

/** `https://app.example`, as a browser says it; or `*`. */
const originSchema = z
  .string()
  .refine((text) => text === '*' || (URL.canParse(text) && new URL(text).origin === text), 'must be an origin such as https://app.example');

type Secrets = { NEXUS_JWT_SECRET?: unknown; NEXUS_JWKS_URL?: unknown; NEXUS_GRANT_SECRET?: unknown };

/** Variables and bindings of the Worker. Others that may be there are not the edge's and are ignored. */
export const bindingsSchema = z
  .object({
    NEXUS_JWT_SECRET: secretSchema.optional(),
    NEXUS_JWKS_URL: jwksUrlSchema.optional(),
    NEXUS_JWT_ISSUER: z.string().min(1).optional(),
    NEXUS_JWT_AUDIENCE: z.string().min(1).optional(),
    /** Which key sources are the platform's: only their tokens may speak for `t_system` or hold `admin` and `system`. */
    NEXUS_PLATFORM_KEYS: listOf(z.enum(keySources)).default([]),
    NEXUS_GRANT_SECRET: secretSchema,
    NEXUS_CURSOR_KEYS: cursorKeysSchema,
    NEXUS_ROUTES: inlineJson.pipe(registrySchema).optional(),
    NEXUS_CONFIG: bound<ConfigStore>('get', 'a KV namespace'),
    NEXUS_RATE_LIMIT: bound<RateLimiter>('limit', 'a rate limit'),
    ASSETS: bound<Assets>('fetch', 'static assets'),
    /** JSON key of the service account that may invoke private runners. */
    NEXUS_RUNNER_SERVICE_ACCOUNT: inlineJson.pipe(serviceAccountSchema).optional(),
    /** Origins of pages that may call the API. */
    NEXUS_CORS_ORIGINS: listOf(originSchema).default([]),
    /** Runners of routes that name none. */
    NEXUS_RUNNERS: listOf(httpUrl).default([]),
  })
  // `when`: told also beside other problems, so that a bad start names every bad variable at once.
  .refine((env: Secrets) => env.NEXUS_JWT_SECRET !== undefined || env.NEXUS_JWKS_URL !== undefined, {
    path: ['NEXUS_JWT_SECRET'],
    error: 'set this, NEXUS_JWKS_URL, or both',
    when: () => true,
  })
  .refine((env: Secrets) => env.NEXUS_JWT_SECRET === undefined || env.NEXUS_JWT_SECRET !== env.NEXUS_GRANT_SECRET, {
    path: ['NEXUS_GRANT_SECRET'],
    error: 'must not be NEXUS_JWT_SECRET: who can make a token could make a grant',
    when: () => true,
  });
export type Bindings = z.infer<typeof bindingsSchema>;

export interface BadBinding {
  name: string;
  message: string;
}

/** Messages name variables and rules, never values. */
export const parseBindings = (env: object): { bindings: Bindings } | { problems: BadBinding[] } => {
  const result = bindingsSchema.safeParse(env);
  if (result.success) return { bindings: result.data };
  return { problems: result.error.issues.map(({ path, message }) => ({ name: path.map(String).join('.'), message })) };
};
