import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { TaskError } from '../../../shared/events.ts';
import { CliError } from '../command.ts';

export interface FoundFile {
  path: string;
  /** Path below the parent of the argument that led here, with `/`: `docs/` gives `docs/guide/start.md`. */
  id: string;
  bytes: number;
}

const isSkipped = (name: string): boolean => name.startsWith('.') || name === 'node_modules';

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);

/** Listed, but not to be found by the name that it was listed under. */
const unreachable = (path: string, error: unknown): TaskError => ({
  doc_id: path,
  code: 'cli.unreadable',
  message: `It cannot be opened (${codeOf(error)}): its name is not UTF-8, or it has just gone. Rename it.`,
});

async function* walk(folder: string, refused: TaskError[]): AsyncGenerator<string> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    refused.push({ doc_id: folder, code: 'cli.unreadable', message: `The folder cannot be read (${codeOf(error)}).` });
    return;
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (isSkipped(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path, refused);
    else if (entry.isFile()) yield path;
  }
}

const found = async (path: string, parent: string): Promise<FoundFile> => ({
  path,
  id: relative(parent, path).split(sep).join('/') || basename(path),
  bytes: (await stat(path)).size,
});

/**
 * Files of the arguments, in order; folders with everything in them but dotfiles, `node_modules` and links. What lies in a
 * folder and cannot be opened is told by itself, and keeps nothing else from being sent.
 * @throws CliError `cli.path_not_found`, before anything is read
 */
export const listFiles = async (paths: readonly string[], cwd: string): Promise<{ files: FoundFile[]; refused: TaskError[] }> => {
  const roots = await Promise.all(
    paths.map(async (given) => {
      const path = resolve(cwd, given);
      const stats = await stat(path).catch(() => undefined);
      if (stats === undefined) throw new CliError('cli.path_not_found', `There is no file or folder ${given}. Nothing was sent.`);
      return { path, isFolder: stats.isDirectory() };
    }),
  );
  const files: FoundFile[] = [];
  const refused: TaskError[] = [];
  for (const { path, isFolder } of roots) {
    if (!isFolder) {
      files.push(await found(path, dirname(path)));
      continue;
    }
    for await (const file of walk(path, refused)) {
      try {
        files.push(await found(file, dirname(path)));
      } catch (error) {
        refused.push(unreachable(file, error));
      }
    }
  }
  return { files, refused };
};
