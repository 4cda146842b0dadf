import { NexusError } from '../../shared/errors.ts';
import { NexusApiError, NexusClientError } from '../index.ts';
import { CliError, printable } from './command.ts';

const codeOf = (error: unknown): string => {
  if (error instanceof CliError || error instanceof NexusClientError || error instanceof NexusError) return error.code;
  return 'cli.internal';
};

/** `code: message`; then every issue when there are several, and what the operator of the server will ask for. */
export const errorText = (error: unknown): string => {
  const { message } = error instanceof Error ? error : new Error(String(error));
  const details = error instanceof NexusApiError || error instanceof NexusError ? error.details : undefined;
  const issues = (details?.issues ?? []).length > 1 ? (details?.issues ?? []) : [];
  const request = error instanceof NexusApiError && error.status >= 500 && error.requestId !== '' ? [`  request id: ${error.requestId}`] : [];
  const lines = [`${codeOf(error)}: ${message}`, ...issues.map((issue) => `  ${issue.path}: ${issue.message}`), ...request];
  return `${lines.map(printable).join('\n')}\n`;
};
