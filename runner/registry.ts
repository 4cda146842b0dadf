import { readFileSync, statSync } from 'node:fs';
import { type Registry, registrySchema } from '../shared/routes.ts';
import type { Log } from './ports/log.ts';

/** A file is looked at this often: a changed route is in force within this time. */
const rereadMs = 2_000;

/** Roots that this runner has no adapter for are told at start, not at the first request. */
const supported = (root: string): boolean => !root.includes('://') || root.startsWith('file://');

/** Given as JSON itself; anything else is a file's path. */
export const isInlineRegistry = (source: string): boolean => source.trimStart().startsWith('{');

/** @throws Error that says what is wrong with the document */
export const parseRegistry = (text: string): Registry => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error('is not JSON');
  }
  const result = registrySchema.safeParse(json);
  if (!result.success) throw new Error(result.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; '));
  const foreign = result.data.routes.find(({ root }) => !supported(root));
  if (foreign !== undefined) throw new Error(`route ${foreign.id}: roots other than folders are not built yet`);
  return result.data;
};

const parseFile = (path: string | URL): Registry => {
  try {
    return parseRegistry(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Error(`NEXUS_ROUTES: ${path}: ${(cause as Error).message}`, { cause });
  }
};

/**
 * The routing registry, given inline or as a file that is read again while running. A file that becomes unreadable or
 * wrong leaves the last good registry in force.
 * @throws Error at start when it is wrong
 */
export const loadRegistry = (source: string, nowMs: () => number, log: Log): (() => Registry) => {
  if (isInlineRegistry(source)) {
    const fixed = parseRegistry(source);
    return () => fixed;
  }
  const path = source.startsWith('file://') ? new URL(source) : source;
  const stampOf = (): string => `${statSync(path).mtimeMs} ${statSync(path).size}`;
  let registry = parseFile(path);
  let stamp = stampOf();
  let lookedMs = nowMs();
  return () => {
    if (nowMs() - lookedMs >= rereadMs) {
      lookedMs = nowMs();
      try {
        const now = stampOf();
        if (now !== stamp) {
          registry = parseFile(path);
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
