import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { cursorKeysSchema } from '../../shared/cursor.ts';
import { limits } from '../../shared/limits.ts';
import { CliError } from './command.ts';

/** The two files of a data folder by which the local stack and the command line find each other. */

const childSchema = z.object({ name: z.string(), pid: z.number().int().positive() });

/** Written by `npm start`: while it starts without the URLs, then with them; gone when it has stopped. */
export const stackSchema = z.object({
  pid: z.number().int().positive(),
  data: z.string(),
  started_at: z.string(),
  edge: z.string().optional(),
  runner: z.string().optional(),
  /** Leaders of the process groups that the stack has started. */
  children: z.array(childSchema).default([]),
});
export type Stack = z.infer<typeof stackSchema>;

/** Secrets that the first `npm start` makes up. Mode 600. */
export const secretsSchema = z.object({
  jwt_secret: z.string().min(limits.secretChars),
  grant_secret: z.string().min(limits.secretChars),
  cursor_keys: z.string().refine((text) => cursorKeysSchema.safeParse(text).success, 'must be id:secret,…'),
});
export type Secrets = z.infer<typeof secretsSchema>;

export const stackPath = (data: string): string => join(data, 'stack.json');
export const secretsPath = (data: string): string => join(data, 'secrets.json');

const readJson = async <T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> => {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CliError('cli.unreadable', `Cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new CliError('cli.unreadable', `${path} is damaged. Stop the stack that uses this folder, remove the file and start it again.`, { cause: error });
  }
};

/** @returns undefined when there is none */
export const readStack = (data: string): Promise<Stack | undefined> => readJson(stackPath(data), stackSchema);
/** @returns undefined when there are none */
export const readSecrets = (data: string): Promise<Secrets | undefined> => readJson(secretsPath(data), secretsSchema);
