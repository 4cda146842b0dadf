import { NexusError } from '../shared/errors.ts';
import { parseWith } from '../shared/http/parse.ts';
import { limits } from '../shared/limits.ts';
import { type Registry, registrySchema } from '../shared/routes.ts';
import type { EdgeDeps } from './edge-deps.ts';

const configKey = 'routes';
const none: Registry = { routes: [] };

const unreadable = (cause: unknown): NexusError =>
  new NexusError('nexus.upstream_unavailable', `The routing registry (key ${configKey} of NEXUS_CONFIG) cannot be read or is not valid.`, { cause });

const parseRegistry = (text: string): Registry => parseWith(registrySchema, JSON.parse(text));

/**
 * The routing registry: KV's when it has one, else the inline one. KV is asked once in `limits.routesCacheMs`; while it
 * cannot be read, or holds nonsense, the last good registry stays.
 * @returns a function that throws NexusError 503 when there has been no good one yet
 */
export const createRegistryLoader = ({ bindings, now, log }: Pick<EdgeDeps, 'bindings' | 'now' | 'log'>): (() => Promise<Registry>) => {
  const inline = bindings.NEXUS_ROUTES ?? none;
  const store = bindings.NEXUS_CONFIG;
  if (store === undefined) return async () => inline;

  let known: { registry: Registry; until: number } | undefined;
  return async () => {
    if (known !== undefined && now() < known.until) return known.registry;
    let registry: Registry;
    try {
      const text = await store.get(configKey);
      registry = text === null ? inline : parseRegistry(text);
    } catch (cause) {
      log({ level: 'error', event: 'registry_unreadable', cause: String(cause) });
      if (known === undefined) throw unreadable(cause);
      registry = known.registry;
    }
    known = { registry, until: now() + limits.routesCacheMs };
    return registry;
  };
};
