import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { NEXUS_BLOB_STORE, NEXUS_STORE, registrySchema } from '../shared/routes.ts';
import { StartError } from './options.ts';

const everything = { tenant_id: '*', env: '*', project_id: '*', surface_id: '*' };

const defaultRegistry = (data: string, runnerUrl: string): unknown => ({
  routes: [
    { id: 'default-store', kind: NEXUS_STORE, match: everything, backend: 'lancedb', root: join(data, 'store'), runners: [runnerUrl] },
    { id: 'default-blobs', kind: NEXUS_BLOB_STORE, match: everything, backend: 'blob', root: join(data, 'blobs'), runners: [runnerUrl] },
  ],
});

/** What each tier gets as `NEXUS_ROUTES`: the runner can read a file, again and again; the edge has none. */
export interface TierRoutes {
  runner: string;
  edge: string;
}

const inlined = (text: string, where: string): string => {
  try {
    const value: unknown = JSON.parse(text);
    registrySchema.parse(value);
    return JSON.stringify(value);
  } catch (error) {
    throw new StartError(`${where} is not a routing registry: ${(error as Error).message}`);
  }
};

/**
 * @param given `NEXUS_ROUTES` of the environment: JSON, or a path relative to `cwd`
 * @throws StartError saying what is wrong with it
 */
export const tierRoutes = async (given: string | undefined, data: string, runnerUrl: string, cwd: string): Promise<TierRoutes> => {
  if (!given) {
    const text = inlined(JSON.stringify(defaultRegistry(data, runnerUrl)), 'The default for this data folder');
    return { runner: text, edge: text };
  }
  if (given.trimStart().startsWith('{')) {
    const text = inlined(given, 'NEXUS_ROUTES');
    return { runner: text, edge: text };
  }
  const path = resolve(cwd, given);
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new StartError(`NEXUS_ROUTES is neither JSON nor a file that can be read: ${error.message}`);
  });
  return { runner: path, edge: inlined(text, path) };
};
