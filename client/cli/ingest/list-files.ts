import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { CliError } from '../command.ts';

export interface FoundFile {
  path: string;
  /** Path below the parent of the argument that led here, with `/`: `docs/` gives `docs/guide/start.md`. */
  id: string;
  bytes: number;
}

const isSkipped = (name: string): boolean => name.startsWith('.') || name === 'node_modules';

async function* walk(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (isSkipped(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.isFile()) yield path;
  }
}

const found = async (path: string, parent: string): Promise<FoundFile> => ({
  path,
  id: relative(parent, path).split(sep).join('/') || basename(path),
  bytes: (await stat(path)).size,
});

/** Listed, but not to be found by the name that it was listed under. */
const unreachable = (path: string): never => {
  throw new CliError('cli.unreadable_name', `${path} cannot be opened: its name is not UTF-8, or it has just gone. Rename it. Nothing was sent.`);
};

/**
 * Files of the arguments, in order; folders with everything in them but dotfiles, `node_modules` and links.
 * @throws CliError `cli.path_not_found`, before anything is read
 */
export const listFiles = async (paths: readonly string[], cwd: string): Promise<FoundFile[]> => {
  const roots = await Promise.all(
    paths.map(async (given) => {
      const path = resolve(cwd, given);
      const stats = await stat(path).catch(() => undefined);
      if (stats === undefined) throw new CliError('cli.path_not_found', `There is no file or folder ${given}. Nothing was sent.`);
      return { path, isFolder: stats.isDirectory() };
    }),
  );
  const files: FoundFile[] = [];
  for (const { path, isFolder } of roots) {
    if (!isFolder) files.push(await found(path, dirname(path)));
    else for await (const file of walk(path)) files.push(await found(file, dirname(path)).catch(() => unreachable(file)));
  }
  return files;
};
