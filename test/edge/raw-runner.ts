import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a request looked from the runner's side of the wire: that it ended well, or was broken off, is the point. */
export interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  bytes: number;
  end: 'whole' | 'broken off';
}

const reading = (request: IncomingMessage, onFirstBytes: () => void): Promise<Seen> =>
  new Promise((resolve) => {
    let bytes = 0;
    const seen = (end: Seen['end']) => () => resolve({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, bytes, end });
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      onFirstBytes();
    });
    request.on('end', seen('whole'));
    request.on('error', seen('broken off'));
    request.on('close', seen('broken off'));
  });

/** A runner made of a bare HTTP server. `next()` resolves when the next request has ended one way or the other. */
export const startRawRunner = async (answer: (response: ServerResponse, seen: Seen) => void) => {
  const waiting: ((seen: Seen) => void)[] = [];
  const watching: (() => void)[] = [];
  const server = createServer(async (request, response) => {
    const seen = await reading(request, () => watching.shift()?.());
    waiting.shift()?.(seen);
    if (seen.end === 'whole') answer(response, seen);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next: () => new Promise<Seen>((resolve) => waiting.push(resolve)),
    firstBytes: () => new Promise<void>((resolve) => watching.push(resolve)),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
