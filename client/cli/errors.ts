import { NexusError } from '../../shared/errors.ts';
import { NexusApiError, NexusConnectionError, NexusTimeoutError } from '../index.ts';
import { CliError, printable } from './command.ts';

const codeOf = (error: unknown): string => {
  if (error instanceof CliError || error instanceof NexusApiError || error instanceof NexusError) return error.code;
  if (error instanceof NexusConnectionError) return 'client.connection';
  if (error instanceof NexusTimeoutError) return 'client.timeout';
  return 'cli.internal';
};

/** `code: message`, and one more line for each issue after the first. */
export const errorText = (error: unknown): string => {
  const { message } = error instanceof Error ? error : new Error(String(error));
  const details = error instanceof NexusApiError || error instanceof NexusError ? error.details : undefined;
  const issues = (details?.issues ?? []).length > 1 ? (details?.issues ?? []) : [];
  const lines = [`${codeOf(error)}: ${message}`, ...issues.map((issue) => `  ${issue.path}: ${issue.message}`)];
  return `${lines.map(printable).join('\n')}\n`;
};
