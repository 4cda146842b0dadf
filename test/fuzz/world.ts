import { join } from 'node:path';
import { type JWTPayload, SignJWT } from 'jose';
import { bindingsSchema } from '../../edge/bindings.ts';
import { createEdge } from '../../edge/create-edge.ts';
import { loadPushKey } from '../../runner/adapters/spool/push-key.ts';
import { type ApiKeyRecord, apiKeyStoreName, newApiKey } from '../../shared/api-key.ts';
import { utf8 } from '../../shared/bytes.ts';
import type { RequestContext } from '../../shared/context.ts';
import { sealGrant } from '../../shared/grant.ts';
import { caller, cursorKeys, grantSecret, type RunningRunner, startRunner } from '../runner/running-runner.ts';
import { type Credential, damaged } from './fuzzed-claims.ts';
import type { Found } from './fuzzed-request.ts';

const jwtSecret = 'a-jwt-secret-that-only-the-fuzzer-knows';

/** What a fuzzer of one area has in its hands. */
export interface FuzzedArea {
  found: Found;
  /** `Authorization` for the edge; undefined: without one. */
  tokenFor(credential: Credential): Promise<string | undefined>;
  /** A grant for the runner. */
  grantFor(credential: Credential, seen: { method: string; path: string; query: string }): Promise<string | undefined>;
}

export interface World {
  runner: RunningRunner;
  /** A request to the edge, which asks the runner over HTTP. */
  askEdge(path: string, init: RequestInit): Promise<Response>;
  /** `Authorization` of the event spine. */
  pushToken(): Promise<string>;
  /** A new area with documents, tasks and cursors: lists stay short, however long the run. */
  newArea(): Promise<FuzzedArea>;
  stop(): Promise<void>;
}

const seed = async (runner: RunningRunner, context: RequestContext): Promise<Found> => {
  const documents = Array.from({ length: 30 }, (_, index) => ({
    id: `d${index}`,
    text: `one more thing about x${index}`,
    metadata: { a: index, tags: ['x'] },
  }));
  const tasks = [await runner.ingest('s1', { documents }, { context }), await runner.ingest('s2', { documents }, { context })];
  await runner.call('PUT', '/nexus/spaces/s1/blobs/f1', utf8('a file'), { context });
  const pages = await Promise.all([
    runner.call('POST', '/nexus/spaces/s1/query', { query: 'thing', limit: 2 }, { context }),
    runner.call('GET', '/nexus/spaces/s1/documents?limit=2', undefined, { context }),
    runner.call('GET', '/nexus/tasks?limit=1', undefined, { context }),
    runner.call('GET', '/nexus/spaces?limit=1', undefined, { context }),
  ]);
  const cursors = pages.map(({ body }) => body.next_cursor as unknown);
  if (!cursors.every((cursor) => typeof cursor === 'string')) throw new Error('a list has no next page to fuzz');
  return { tasks: tasks.map(({ task_id }) => task_id as string), cursors: cursors as string[] };
};

/** The real edge in front of the real runner. */
export const startWorld = async (): Promise<World> => {
  const runner = await startRunner();
  const keys = new Map<string, string>();
  const bindings = bindingsSchema.parse({
    NEXUS_JWT_SECRET: jwtSecret,
    NEXUS_GRANT_SECRET: grantSecret,
    NEXUS_CURSOR_KEYS: cursorKeys,
    NEXUS_RUNNERS: runner.origin,
    NEXUS_ROUTES: JSON.stringify(runner.services.registry()),
    NEXUS_CONFIG: { get: async (name: string) => keys.get(name) ?? null },
  });
  const edge = createEdge({
    bindings,
    version: '0',
    fetch: (url, outgoing) => fetch(url, outgoing as RequestInit),
    now: Date.now,
    newRequestId: () => 'req_fuzz',
    after(delayMs, fire) {
      const timer = setTimeout(fire, delayMs);
      return () => clearTimeout(timer);
    },
    log: () => undefined,
  });
  const pushKey = await loadPushKey(join(runner.folder, 'spool/push-key.json'));
  let areas = 0;

  const tokenOf = (claims: JWTPayload): Promise<string> => new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(utf8(jwtSecret));
  const credentialOf = ({ subject, ...context }: RequestContext) => ({ sub: subject, ...context });

  const newKey = async (context: RequestContext): Promise<string> => {
    const { id, token, sha256 } = newApiKey();
    const lifetime = { created_at: new Date().toISOString(), expires_at: null, revoked_at: null };
    const record: ApiKeyRecord = { ...credentialOf(context), name: 'fuzzer', sha256, platform: false, ...lifetime };
    keys.set(apiKeyStoreName(id), JSON.stringify(record));
    return token;
  };

  return {
    runner,
    askEdge: async (path, init) => edge.request(`http://edge${path}`, init),
    pushToken: () => pushKey.sign('nexus-local-worker', Date.now()),

    async newArea() {
      areas += 1;
      const context = caller({ surface_id: `area-${areas}` });
      const exp = Date.now() / 1000 + 86_400;
      const token = await tokenOf({ ...credentialOf(context), exp });
      const key = await newKey(context);
      return {
        found: await seed(runner, context),
        async tokenFor(credential) {
          if (credential.kind === 'none') return undefined;
          if (credential.kind === 'odd') return tokenOf({ exp, ...(credential.claims as object) });
          if (credential.kind === 'damaged') return damaged(credential.ofKey ? key : token, credential.where);
          return credential.kind === 'key' ? key : token;
        },
        async grantFor(credential, seen) {
          if (credential.kind === 'none') return undefined;
          const of = credential.kind === 'odd' ? (credential.claims as RequestContext) : context;
          const grant = sealGrant({ context: of, ...seen, request_id: 'req_fuzz', routes: ['store', 'blobs'] }, grantSecret, Date.now());
          return credential.kind === 'damaged' ? damaged(grant, credential.where) : grant;
        },
      };
    },
    stop: () => runner.stop(),
  };
};
