import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkBlobName } from '../ports/blobs.ts';
import { parseObjectRoot } from '../storage-settings.ts';

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
  return path === '' || path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path) ? undefined : path;
};

/** Where a path lies, judged against folders as they really are. @returns undefined when it may not be imported from */
const allowedPlace = async (path: string, prefixes: readonly string[], roots: readonly string[]): Promise<ImportTarget | undefined> => {
  for (const root of roots.filter(isFileRoot)) {
    if (below(await realOrSelf(localPath(root)), path) !== undefined) return undefined;
  }
  for (const prefix of prefixes.filter(isFileRoot)) {
    const root = await realOrSelf(localPath(prefix));
    const name = below(root, path);
    if (name !== undefined) return { root, name: name.split(sep).join('/') };
  }
  return undefined;
};

const isBlobName = (name: string): boolean => {
  try {
    checkBlobName(name);
    return true;
  } catch {
    return false;
  }
};

/** Whether a key lies below a prefix, part by part: what begins with the same letters is another place. */
const belowPrefix = (prefix: string, key: string): string | undefined => {
  if (prefix === '') return key;
  return key.startsWith(`${prefix}/`) ? key.slice(prefix.length + 1) : undefined;
};

/** Object stores have no links, encodings or `..` to resolve: a key is its bytes, and one that only a path would have is refused. */
const objectTarget = (ref: string, prefixes: readonly string[], roots: readonly string[]): ImportTarget | undefined => {
  const { scheme, bucket } = parseObjectRoot(ref) ?? {};
  const key = ref.slice(`${scheme}://${bucket}/`.length);
  if (scheme === undefined || !isBlobName(key)) return undefined;
  const inside = (uri: string): string | undefined => {
    const place = parseObjectRoot(uri);
    return place?.scheme === scheme && place.bucket === bucket ? belowPrefix(place.prefix, key) : undefined;
  };
  if (roots.some((root) => inside(root) !== undefined)) return undefined;
  const root = prefixes.find((prefix) => inside(prefix) !== undefined);
  const name = root === undefined ? undefined : inside(root);
  return root === undefined || name === undefined || !isBlobName(name) ? undefined : { root, name };
};

/**
 * Whether a URI may be imported, judged after normalisation: encodings decoded, `..` resolved, symbolic links followed.
 * Nothing inside a route's own root is ever a source, whatever the prefixes say.
 * @returns undefined when it may not; `missing` when it might, but nothing is there
 */
export const importTarget = async (ref: string, prefixes: readonly string[], roots: readonly string[]): Promise<ImportTarget | 'missing' | undefined> => {
  if (!ref.startsWith('file://')) return objectTarget(ref, prefixes, roots);
  let path: string;
  try {
    path = fileURLToPath(ref);
  } catch {
    return undefined;
  }
  const real = await realpath(path).catch(() => undefined);
  // A way that leads nowhere (`link/` to a file, say) has not been followed, so what it says must never be opened.
  if (real === undefined) return (await allowedPlace(path, prefixes, roots)) === undefined ? undefined : 'missing';
  const target = await allowedPlace(real, prefixes, roots);
  return target !== undefined && isBlobName(target.name) ? target : undefined;
};
