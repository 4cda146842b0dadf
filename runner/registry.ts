import { readFileSync, statSync } from 'node:fs';
import { type Registry, registrySchema } from '../shared/routes.ts';
import type { Log } from './ports/log.ts';
import { type StorageSettings, storageProblem } from './storage-settings.ts';

/** A file is looked at this often: a changed route is in force within this time. */
const rereadMs = 2_000;

/** Given as JSON itself; anything else is a file's path. */
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

/**
 * The routing registry, given inline or as a file that is read again while running. A file that becomes unreadable or
 * wrong leaves the last good registry in force.
 * @throws Error at start when it is wrong
 */
export const loadRegistry = (source: string, settings: StorageSettings, nowMs: () => number, log: Log): (() => Registry) => {
  if (isInlineRegistry(source)) {
    const fixed = parseRegistry(source, settings);
    return () => fixed;
  }
  const path = source.startsWith('file://') ? new URL(source) : source;
  const stampOf = (): string => `${statSync(path).mtimeMs} ${statSync(path).size}`;
  let registry = parseFile(path, settings);
  let stamp = stampOf();
  let lookedMs = nowMs();
  return () => {
    if (nowMs() - lookedMs >= rereadMs) {
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
