import type { CallToolResult } from '@modelcontextprotocol/server';
import { limits } from '../../shared/limits.ts';
import type { ApiAnswer } from './call-api.ts';

/** An error is for the agent to read: it can often do better the next time. */
export const failure = ({ code, message, details }: Extract<ApiAnswer<unknown>, { error: object }>['error']): CallToolResult => ({
  content: [{ type: 'text', text: [`${code}: ${message}`, ...(details === undefined ? [] : [JSON.stringify(details)])].join('\n') }],
  isError: true,
});

export const answer = (text: string, structured: Record<string, unknown>): CallToolResult => ({
  content: [{ type: 'text', text }],
  structuredContent: structured,
});

/** A text's beginning, in UTF-16 code units, never half a character; says that it was cut. */
export const cut = (text: string, chars: number = limits.mcpPassageChars): string =>
  text.length <= chars ? text : `${text.slice(0, chars).replace(/[\ud800-\udbff]$/, '')}… [cut]`;
