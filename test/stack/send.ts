import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';

export interface Sending {
  token?: string | undefined;
  /** Strings and bytes go as they are, everything else as JSON. */
  body?: unknown;
  /** Said over again they replace what is sent by default; `content-type` too. */
  headers?: Record<string, string> | undefined;
  /** Without a length, in pieces, as a client sends that does not know how much there will be. */
  chunked?: boolean;
}

export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
  /** Of JSON answers; of others undefined. */
  // biome-ignore lint/suspicious/noExplicitAny: the wire is untyped on purpose
  body: any;
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

const bytesOf = (body: unknown): Buffer | undefined => {
  if (body === undefined) return undefined;
  if (body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
};

const headersOf = ({ token, headers, chunked }: Sending, bytes: Buffer | undefined): OutgoingHttpHeaders => ({
  ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  ...(bytes === undefined
    ? {}
    : { 'content-type': 'application/json', ...(chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': bytes.length }) }),
  ...headers,
});

const jsonOf = (text: string, contentType: string | undefined): unknown =>
  contentType?.startsWith('application/json') && text !== '' ? JSON.parse(text) : undefined;

/**
 * One exchange, byte for byte: unlike `fetch`, the path is not normalised before it is sent.
 * @param path with its query string
 */
export const send = async (origin: string, method: string, path: string, sending: Sending = {}): Promise<Answer> => {
  const { hostname, port } = new URL(origin);
  const bytes = bytesOf(sending.body);
  // A server that refuses a large body stops reading and closes: such a connection is not for others to use.
  const isLarge = bytes !== undefined && bytes.length > 1_000_000;
  const request = httpRequest({ hostname, port, method, path, headers: headersOf(sending, bytes), agent: isLarge ? false : agent });
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  request.on('error', () => undefined);
  request.end(bytes);
  const [response] = await answered;
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString('utf8');
  return { status: response.statusCode ?? 0, headers: response.headers, text, body: jsonOf(text, response.headers['content-type']) };
};
