import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
}

export interface SeeingProxy {
  url: string;
  /** Where it passes requests on to: known only when the stack has started. */
  passTo(origin: string): void;
  close(): Promise<void>;
}

const seenPath = '/seen/';

/**
 * Stands between the edge and the runner, passes everything on as it is, and remembers it by its request id, which the
 * edge takes over from its caller: `GET /seen/{request_id}` tells what the runner was asked for one request.
 */
export const startSeeingProxy = async (): Promise<SeeingProxy> => {
  const seen = new Map<string, SeenRequest[]>();
  let target: URL | undefined;

  const remember = ({ method = '', url = '', headers }: IncomingMessage): void => {
    const id = String(headers['x-request-id']);
    const flat = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    seen.set(id, [...(seen.get(id) ?? []), { method, path: url, headers: flat }]);
  };

  const pass = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    if (target === undefined) return void outgoing.destroy();
    const { method, url: path, headers } = incoming;
    const onward = httpRequest({ hostname: target.hostname, port: target.port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.on('error', () => onward.destroy());
    incoming.pipe(onward);
  };

  const server = createServer((incoming, outgoing) => {
    if (incoming.url?.startsWith(seenPath)) return void outgoing.end(JSON.stringify(seen.get(incoming.url.slice(seenPath.length)) ?? []));
    remember(incoming);
    pass(incoming, outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passTo(origin) {
      target = new URL(origin);
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
};
