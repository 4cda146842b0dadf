import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from './options.ts';

/** What the built viewer follows from. */
const sources = ['ui', 'client', 'shared'];
const isSource = (name: string): boolean => /\.(tsx?|css|html)$/.test(name);

/** Digest of everything that a build reads. */
const digestOf = async (root: string): Promise<string> => {
  const hash = createHash('sha256').update(await readFile(join(root, 'package-lock.json')));
  for (const folder of sources) {
    const names = (await readdir(join(root, folder), { recursive: true })).filter((name) => isSource(name) && !name.startsWith('dist')).sort();
    for (const name of names) hash.update(name).update(await readFile(join(root, folder, name)));
  }
  return hash.digest('hex');
};

const build = async (root: string, into: string): Promise<void> => {
  const vite = await import('vite');
  await vite.build({ configFile: join(root, 'ui/vite.config.ts'), logLevel: 'error', build: { outDir: into } });
};

/**
 * Builds the viewer where the edge looks for it, unless it is there already and nothing has changed. Two starts at once
 * build the same files under the same names.
 * @throws StartError when it cannot be built
 */
export const buildViewer = async (root: string, say: (line: string) => void): Promise<void> => {
  const place = join(root, 'ui/dist');
  const stamp = join(place, '.built');
  const digest = await digestOf(root);
  if ((await readFile(stamp, 'utf8').catch(() => '')) === digest) return;
  say('Building the viewer, once…');
  const cache = join(root, 'node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(join(cache, 'viewer-'));
  try {
    await build(root, fresh);
    await cp(fresh, place, { recursive: true });
    const kept = new Set(await readdir(join(fresh, 'assets')));
    for (const name of await readdir(join(place, 'assets'))) if (!kept.has(name)) await rm(join(place, 'assets', name), { force: true });
    await writeFile(stamp, digest);
  } catch (error) {
    throw new StartError(`The viewer cannot be built: ${(error as Error).message}`);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
};
