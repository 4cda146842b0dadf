import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Served {
  url: string;
  stop(): Promise<void>;
}

/**
 * A vendor's service on a port of its own, which is asked in JSON.
 * @param answer told what was asked; what waits in it should end with `stopping`
 */
export const serveJson = async (
  // biome-ignore lint/suspicious/noExplicitAny: a stub reads what tests send it
  answer: (asked: { request: IncomingMessage; body: any; stopping: AbortSignal }, response: ServerResponse) => Promise<unknown>,
): Promise<Served> => {
  const stopping = new AbortController();
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const piece of request.setEncoding('utf8')) text += piece;
    await answer({ request, body: JSON.parse(text), stopping: stopping.signal }, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      stopping.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
