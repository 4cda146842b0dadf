import { LRUCache } from 'lru-cache';
import { type ApiKeyRecord, apiKeyRecordSchema, apiKeyStoreName, isSecretOf, parseApiKey } from '../shared/api-key.ts';
import { NexusError } from '../shared/errors.ts';
import { limits } from '../shared/limits.ts';
import type { ConfigStore } from './bindings.ts';
import type { EdgeDeps } from './edge-deps.ts';
import type { Caller } from './verify-token.ts';

const unauthenticated = (message: string): NexusError => new NexusError('auth.unauthenticated', message);

/** One answer for a key that never was and for a wrong secret of one that is. */
const notAccepted = (): NexusError => unauthenticated('This API key is not one that is accepted here.');

const unreadable = (cause: unknown): NexusError =>
  new NexusError('nexus.upstream_unavailable', 'API keys cannot be looked up right now. Try again.', { cause });

/**
 * Reads records of API keys. What is found is kept in the isolate for `limits.apiKeyCacheMs`, and KV shows a change
 * everywhere within about a minute: a revoked key stops working within two.
 * @throws NexusError 503
 */
const recordReader = (store: ConfigStore, { now, log }: Pick<EdgeDeps, 'now' | 'log'>): ((id: string) => Promise<ApiKeyRecord | undefined>) => {
  const known = new LRUCache<string, ApiKeyRecord>({ max: limits.apiKeysCached, ttl: limits.apiKeyCacheMs, ttlResolution: 0, perf: { now } });
  return async (id) => {
    const cached = known.get(id);
    if (cached !== undefined) return cached;
    const text = await store.get(apiKeyStoreName(id)).catch((cause: unknown) => {
      throw unreadable(cause);
    });
    if (text === null) return undefined;
    try {
      const record = apiKeyRecordSchema.parse(JSON.parse(text));
      known.set(id, record);
      return record;
    } catch (cause) {
      log({ level: 'error', event: 'api_key_damaged', key_id: id, cause: String(cause) });
      return undefined;
    }
  };
};

/**
 * API key → caller.
 * @returns a function that throws NexusError 401, or 503 when KV cannot be read
 */
export const createApiKeyVerifier = (deps: Pick<EdgeDeps, 'bindings' | 'now' | 'log'>): ((token: string) => Promise<Caller>) => {
  const store = deps.bindings.NEXUS_CONFIG;
  if (store === undefined)
    return async () => {
      throw unauthenticated('API keys are not accepted here: the namespace NEXUS_CONFIG is not bound. Send a JWT.');
    };
  const read = recordReader(store, deps);

  return async (token) => {
    const key = parseApiKey(token);
    const record = key === undefined ? undefined : await read(key.id);
    if (key === undefined || record === undefined || !isSecretOf(record, key.secret)) throw notAccepted();
    // Told to who holds the secret alone.
    if (record.revoked_at !== null) throw unauthenticated('This API key has been revoked. Ask for a new one.');
    if (record.expires_at !== null && Date.parse(record.expires_at) <= deps.now()) throw unauthenticated('This API key has expired. Ask for a new one.');
    return { credential: record, platform: record.platform };
  };
};
