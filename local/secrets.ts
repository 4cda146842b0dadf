import { chmod, link, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readSecrets, type Secrets, secretsPath } from '../client/cli/stack-files.ts';
import { hex, randomBytes } from '../shared/bytes.ts';
import { StartError } from './options.ts';

const secretBytes = 32;
const newSecret = (): string => hex(randomBytes(secretBytes));

const newSecrets = (): Secrets => ({ jwt_secret: newSecret(), grant_secret: newSecret(), cursor_keys: `k1:${newSecret()}` });

/** Whole or not at all, and never over another's: written beside, then linked to the name, which fails when it is taken. */
const createOnce = async (path: string, text: string): Promise<void> => {
  const draft = `${path}.${crypto.randomUUID()}`;
  await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft);
  }
};

/** Step by step: the recursive mkdir of Node never ends below /proc, where folders are but none can be made. */
const makeFolder = async (path: string): Promise<void> => {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path, { mode: 0o700 });
  }
};

/** The folder of everything that the stack keeps, closed to other users of the machine. */
export const openDataFolder = async (data: string): Promise<void> => {
  try {
    await makeFolder(data);
  } catch (error) {
    throw new StartError(`${data} cannot be a folder: ${(error as Error).message}. Choose another with --data DIR.`);
  }
  await chmod(data, 0o700).catch((error: Error) => {
    throw new StartError(`${data} is not this user's: ${error.message}. Choose another with --data DIR.`);
  });
};

/**
 * The stack's secrets: made up at the first start and kept; those set in the environment win and are not written.
 * @throws CliError when the file is damaged
 */
export const loadSecrets = async (data: string, env: NodeJS.ProcessEnv): Promise<Secrets> => {
  const path = secretsPath(data);
  if ((await readSecrets(data)) === undefined) await createOnce(path, `${JSON.stringify(newSecrets(), null, 2)}\n`);
  await chmod(path, 0o600);
  const kept = await readSecrets(data);
  if (kept === undefined) throw new StartError(`${path} disappeared while starting. Start again.`);
  return {
    jwt_secret: env.NEXUS_JWT_SECRET || kept.jwt_secret,
    grant_secret: env.NEXUS_GRANT_SECRET || kept.grant_secret,
    cursor_keys: env.NEXUS_CURSOR_KEYS || kept.cursor_keys,
  };
};
