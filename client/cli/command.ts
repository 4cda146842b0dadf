import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { NexusOptions } from '../index.ts';

/** What a command may touch of the world outside. */
export interface Io {
  env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative paths start from. */
  cwd: string;
  /** Results: standard output, kept clean for pipes. */
  out: (text: string) => void;
  /** Everything else: standard error. */
  err: (text: string) => void;
  /** Standard error is somebody's terminal: progress and remarks are welcome. */
  interactive: boolean;
  /** Asks whoever sits at the terminal; absent where nobody does. */
  ask?: (question: string) => Promise<string>;
  fetch: typeof fetch;
  now: () => number;
  /** Between tries and between looks at a task; the client's own unless given. */
  sleep?: NonNullable<NexusOptions['sleep']>;
}

export interface Command {
  name: string;
  /** One line, for the list of commands. */
  summary: string;
  /** Teaches by example; `--help` prints it. */
  help: string;
  /** @returns the exit code */
  run: (argv: string[], io: Io) => Promise<number>;
}

/** A failure of the command line itself; told as `code: message`, like those of the API. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: `cli.${string}`;

  constructor(code: CliError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

type Options = NonNullable<ParseArgsConfig['options']>;

/** @throws CliError `cli.usage` for a flag that is not known or lacks its value */
export const parseFlags = <const T extends Options>(argv: string[], options: T) => {
  try {
    return parseArgs({ args: argv, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new CliError('cli.usage', `${(error as Error).message.split('. ')[0]}. See --help.`);
  }
};

/** The flag `--limit 20` and its kind. @throws CliError `cli.usage` */
export const wholeNumber = (flag: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new CliError('cli.usage', `--${flag} must be a whole number, not ${text}.`);
  return Number(text);
};

const unitMs: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The flag `--ttl 1h` and its kind. @throws CliError `cli.usage` */
export const durationMs = (flag: string, text: string): number => {
  const [, count, unit] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) throw new CliError('cli.usage', `--${flag} must be a time such as 30s, 15m, 1h or 7d, not ${text}.`);
  return Number(count) * (unitMs[unit] ?? 0);
};

export const requireFlag = (flag: string, value: string | undefined, example: string): string => {
  if (value === undefined || value === '') throw new CliError('cli.usage', `--${flag} is missing. For example: ${example}`);
  return value;
};

/** Text from documents and servers, without the control characters that could drive a terminal. */
export const printable = (text: string): string => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, ' ');
