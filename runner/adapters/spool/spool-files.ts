import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/**
 * One message a file, in `queue/` until it is acknowledged, then gone, or in `dead/`. The name carries what changes:
 * `{seq}-{id}-{tenant}.{attempts}.json`, so that counting an attempt is one rename and survives a kill, and whose turn it
 * is can be told without reading.
 */
export interface SpooledFile {
  seq: number;
  id: string;
  /** Whose message it is. Empty in names that an earlier release gave. */
  tenant: string;
  attempts: number;
}

export const spooledMessageSchema = z.object({
  message_id: z.string(),
  /** Unix microseconds. */
  seq: z.number().int(),
  data: z.string(),
  /** Of `data`: a disk may give back other bytes than it was given. */
  sha256: z.string(),
  attributes: z.record(z.string(), z.string()),
});
export type SpooledMessage = z.infer<typeof spooledMessageSchema>;

const digestOf = (data: string): string => createHash('sha256').update(data).digest('hex');

const pattern = /^(\d{16})-([0-9a-f]{16})(?:-(t_[a-z0-9_-]{1,62}))?\.(\d+)\.json$/;
const nameOf = ({ seq, id, tenant, attempts }: SpooledFile): string =>
  `${String(seq).padStart(16, '0')}-${id}${tenant === '' ? '' : `-${tenant}`}.${attempts}.json`;
const fileOf = (name: string): SpooledFile | undefined => {
  const [, seq, id, tenant = '', attempts] = pattern.exec(name) ?? [];
  return seq === undefined || id === undefined ? undefined : { seq: Number(seq), id, tenant, attempts: Number(attempts) };
};

/** A file that is not the message that was written. */
export class DamagedMessageError extends Error {
  override readonly name = 'DamagedMessageError';
  /** What is left of the file: it may still tell whose request it was. */
  readonly left: string;

  constructor(left: string) {
    super('the file is not the message that was written');
    this.left = left;
  }
}

export interface SpoolFiles {
  put(message: Omit<SpooledMessage, 'message_id' | 'sha256'>, tenant: string): Promise<void>;
  /** In order of seq. Files that are not messages are passed over and named by `foreign`. */
  list(): Promise<{ files: SpooledFile[]; foreign: string[] }>;
  /** Undefined: it was acknowledged in the meantime. @throws DamagedMessageError */
  read(file: SpooledFile): Promise<SpooledMessage | undefined>;
  setAttempts(file: SpooledFile, attempts: number): Promise<SpooledFile>;
  remove(file: SpooledFile): Promise<void>;
  /** Out of the queue, kept to be looked at. */
  bury(file: SpooledFile): Promise<void>;
}

export const spoolFiles = (folder: string): SpoolFiles => {
  const queue = join(folder, 'queue');
  const dead = join(folder, 'dead');
  const incoming = join(folder, 'incoming');
  for (const path of [queue, dead, incoming]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const pathOf = (file: SpooledFile): string => join(queue, nameOf(file));

  const sync = async (path: string): Promise<void> => {
    const handle = await open(path, 'r');
    await handle.sync().finally(() => handle.close());
  };

  return {
    async put(message, tenant) {
      const file: SpooledFile = { seq: message.seq, id: randomBytes(8).toString('hex'), tenant, attempts: 0 };
      const temporary = join(incoming, nameOf(file));
      const handle = await open(temporary, 'wx', 0o600);
      try {
        await handle.writeFile(JSON.stringify({ ...message, message_id: file.id, sha256: digestOf(message.data) }));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, pathOf(file));
      await sync(queue);
    },

    async list() {
      const names = (await readdir(queue)).sort();
      const files: SpooledFile[] = [];
      const foreign: string[] = [];
      for (const name of names) {
        const file = fileOf(name);
        if (file === undefined) foreign.push(name);
        else files.push(file);
      }
      return { files, foreign };
    },

    async read(file) {
      const text = await readFile(pathOf(file), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      if (text === undefined) return undefined;
      try {
        const message = spooledMessageSchema.parse(JSON.parse(text));
        if (message.sha256 === digestOf(message.data)) return message;
      } catch {
        // Told below, like any other damage.
      }
      throw new DamagedMessageError(text);
    },

    async setAttempts(file, attempts) {
      const next = { ...file, attempts };
      await rename(pathOf(file), pathOf(next));
      return next;
    },

    remove: (file) => rm(pathOf(file), { force: true }),
    bury: (file) => rename(pathOf(file), join(dead, nameOf(file))),
  };
};
