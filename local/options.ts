import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** A start that cannot be, told in one sentence; anything else that is thrown is a bug and keeps its stack trace. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

export interface StartOptions {
  /** Absolute. */
  data: string;
  /** 0: any free port. */
  port: number;
  runnerPort: number;
}

const defaults = { data: '.nexus', port: 8787, runnerPort: 8788 } as const;

const flags = { data: { type: 'string' }, port: { type: 'string' }, 'runner-port': { type: 'string' } } as const;

const parsed = (argv: string[]) => {
  try {
    return parseArgs({ args: argv, options: flags, strict: true }).values;
  } catch (error) {
    throw new StartError(`${(error as Error).message.split('. ')[0]}. Flags: npm start -- --data DIR --port N --runner-port N`);
  }
};

const portOf = (flag: string, text: string | undefined, fallback: number): number => {
  if (text === undefined) return fallback;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65535) throw new StartError(`--${flag} must be a port from 0 to 65535, not ${text}.`);
  return Number(text);
};

/** @throws StartError */
export const parseOptions = (argv: string[], env: NodeJS.ProcessEnv, cwd: string): StartOptions => {
  const values = parsed(argv);
  return {
    data: resolve(cwd, values.data || env.NEXUS_DATA || defaults.data),
    port: portOf('port', values.port, defaults.port),
    runnerPort: portOf('runner-port', values['runner-port'], defaults.runnerPort),
  };
};
