import { type ErrorCode, errorCodes, statusOf } from '../../shared/errors.ts';

/** What is told of a request whose answer was wrong. */
export interface Sent {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: Uint8Array | undefined;
}

const isOurs = (status: number, text: string): boolean => {
  const { error } = JSON.parse(text) as { error: { code: ErrorCode; http_status: number; message: string } };
  return errorCodes.includes(error.code) && statusOf(error.code) === status && error.http_status === status && error.message.length > 10;
};

/** Agents are answered in their own protocol once they have said who they are. */
const isProtocols = (text: string): boolean => (JSON.parse(text) as { jsonrpc?: string }).jsonrpc === '2.0';

const shown = (status: number, text: string, { body, ...sent }: Sent): string => {
  const said = body === undefined ? '' : new TextDecoder().decode(body);
  return `${status} ${text.slice(0, 500)} for ${JSON.stringify({ ...sent, body: said }).slice(0, 3_000)}`;
};

const isRefusalRight = (status: number, text: string, { method, path }: Sent): boolean => {
  if (method === 'HEAD') return true;
  try {
    return path === '/mcp' && isProtocols(text) ? true : isOurs(status, text);
  } catch {
    return false;
  }
};

/** @returns the status. @throws unless it is an answer that the contract knows */
export const judge = async (answer: Response, sent: Sent): Promise<number> => {
  const text = await answer.text();
  const { status } = answer;
  if (status === 500 || status < 200 || (status >= 400 && !isRefusalRight(status, text, sent))) throw new Error(shown(status, text, sent));
  return status;
};
