import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file that may be imported: the allowed folder that holds it, and its name in there. */
export interface ImportTarget {
  root: string;
  name: string;
}

const isFileRoot = (root: string): boolean => !root.includes('://') || root.startsWith('file://');
const localPath = (root: string): string => resolve(root.startsWith('file://') ? fileURLToPath(root) : root);

const realOrSelf = (path: string): Promise<string> => realpath(path).catch(() => path);

/** The path of `inner` below `outer`, or undefined when it is not below it. */
const below = (outer: string, inner: string): string | undefined => {
  const path = relative(outer, inner);
  return path === '' || path.startsWith('..') || isAbsolute(path) ? undefined : path;
};

/**
 * Whether a URI may be imported, judged after normalisation: encodings decoded, `..` resolved, symbolic links followed.
 * Nothing inside a route's own root is ever a source, whatever the prefixes say.
 * @returns undefined when it may not
 */
export const importTarget = async (ref: string, prefixes: readonly string[], roots: readonly string[]): Promise<ImportTarget | undefined> => {
  if (!ref.startsWith('file://')) return undefined;
  let path: string;
  try {
    path = await realOrSelf(fileURLToPath(ref));
  } catch {
    return undefined;
  }
  for (const root of roots.filter(isFileRoot)) {
    if (below(await realOrSelf(localPath(root)), path) !== undefined) return undefined;
  }
  for (const prefix of prefixes.filter(isFileRoot)) {
    const folder = await realOrSelf(localPath(prefix));
    const name = below(folder, path);
    if (name !== undefined) return { root: folder, name: name.split(sep).join('/') };
  }
  return undefined;
};
