import { readFileSync, statSync } from 'node:fs';
import { limits } from '../shared/limits.ts';
import { type Registry, registrySchema } from '../shared/routes.ts';
import type { Blobs } from './ports/blobs.ts';
import type { Log } from './ports/log.ts';
import { type StorageSettings, storageProblem } from './storage-settings.ts';

/** A file is looked at this often: a changed route is in force within this time. */
const rereadMs = 2_000;

/** Given as JSON itself; anything else is a path or a URI. */
export const isInlineRegistry = (source: string): boolean => source.trimStart().startsWith('{');

/**
 * @param settings with them, roots that they do not reach are told at start, not at the first request
 * @throws Error that says what is wrong with the document
 */
export const parseRegistry = (text: string, settings?: StorageSettings): Registry => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error('is not JSON');
  }
  const result = registrySchema.safeParse(json);
  if (!result.success) throw new Error(result.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; '));
  for (const { id, root } of result.data.routes) {
    const problem = settings === undefined ? undefined : storageProblem(settings, root);
    if (problem !== undefined) throw new Error(`route ${id}: ${problem}`);
  }
  return result.data;
};

const parseFile = (path: string | URL, settings: StorageSettings): Registry => {
  try {
    return parseRegistry(readFileSync(path, 'utf8'), settings);
  } catch (cause) {
    throw new Error(`NEXUS_ROUTES: ${path}: ${(cause as Error).message}`, { cause });
  }
};

/** @throws Error at start when the file is wrong */
const fileRegistry = (path: string | URL, { settings, nowMs, log }: RegistryDeps): (() => Registry) => {
  const stampOf = (): string => `${statSync(path).mtimeMs} ${statSync(path).size}`;
  let registry = parseFile(path, settings);
  let stamp = stampOf();
  let lookedMs = nowMs();
  return () => {
    if (Math.abs(nowMs() - lookedMs) >= rereadMs) {
      lookedMs = nowMs();
      try {
        const now = stampOf();
        if (now !== stamp) {
          registry = parseFile(path, settings);
          stamp = now;
          log.info('registry.changed', { routes: registry.routes.length });
        }
      } catch (error) {
        log.error('registry.unusable', { error: String(error) });
      }
    }
    return registry;
  };
};

/**
 * An object is asked for again once in `limits.routesCacheMs`, by a look that does not wait for it.
 * @throws Error at start when it is missing or wrong
 */
const objectRegistry = async (uri: string, { settings, blobsAt, nowMs, log }: RegistryDeps): Promise<() => Registry> => {
  const [root, name] = [uri.slice(0, uri.lastIndexOf('/')), uri.slice(uri.lastIndexOf('/') + 1)];
  const read = async (): Promise<{ text: string; registry: Registry }> => {
    try {
      const bytes = await blobsAt(root).getBytes(name);
      if (bytes === undefined) throw new Error('there is no such object');
      const text = new TextDecoder().decode(bytes);
      return { text, registry: parseRegistry(text, settings) };
    } catch (cause) {
      throw new Error(`NEXUS_ROUTES: ${uri}: ${(cause as Error).message}`, { cause });
    }
  };
  let known = await read();
  let lookedMs = nowMs();
  const look = async (): Promise<void> => {
    try {
      const found = await read();
      if (found.text !== known.text) log.info('registry.changed', { routes: found.registry.routes.length });
      known = found;
    } catch (error) {
      log.error('registry.unusable', { error: String(error) });
    }
  };
  return () => {
    if (Math.abs(nowMs() - lookedMs) >= limits.routesCacheMs) {
      lookedMs = nowMs();
      void look();
    }
    return known.registry;
  };
};

export interface RegistryDeps {
  settings: StorageSettings;
  blobsAt: (root: string) => Blobs;
  nowMs: () => number;
  log: Log;
}

/**
 * The routing registry, given inline, as a file, or as an object (`gs://`, `s3://`, `az://`); the last two are read again
 * while running. What becomes unreadable or wrong leaves the last good registry in force.
 * @throws Error at start when it is wrong
 */
export const loadRegistry = async (source: string, deps: RegistryDeps): Promise<() => Registry> => {
  if (isInlineRegistry(source)) {
    const fixed = parseRegistry(source, deps.settings);
    return () => fixed;
  }
  if (/^(gs|s3|az):\/\//.test(source)) return objectRegistry(source, deps);
  return fileRegistry(source.startsWith('file://') ? new URL(source) : source, deps);
};
