import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorAnswer, NexusError } from '../../shared/errors.ts';

/** What happens to one request on its way. */
type Fate = 'passed' | 'cut before it arrives' | 'cut before its answer' | 'too many' | 'overloaded';

export interface BrokenWire {
  url: string;
  /** How often each fate came about. */
  fates: Map<Fate, number>;
  /** Where the wire leads to; undefined: nowhere, every connection is cut. */
  leadTo(origin: string | undefined): void;
  close(): Promise<void>;
}

const cycle: readonly Fate[] = [
  'cut before it arrives',
  'passed',
  'cut before its answer',
  'too many',
  'passed',
  'overloaded',
  'passed',
  'cut before its answer',
  'passed',
  'passed',
];

/** Stands between a client and the edge, and treats each request worse than the one before, in turn. */
export const startBrokenWire = async (): Promise<BrokenWire> => {
  const fates = new Map<Fate, number>();
  let target: URL | undefined;
  let turn = 0;

  const refuse = (outgoing: ServerResponse, error: NexusError): void => {
    const { status, headers, body } = errorAnswer(error, 'req_wire');
    outgoing.writeHead(status, { ...headers, 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

  const pass = (incoming: IncomingMessage, outgoing: ServerResponse, body: Buffer, to: URL, keepAnswer: boolean): void => {
    const { method, url: path, headers } = incoming;
    const onward = httpRequest({ hostname: to.hostname, port: to.port, method, path, headers }, (answer) => {
      if (keepAnswer) {
        answer.resume().on('end', () => outgoing.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.on('error', () => outgoing.destroy()).pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy()).end(body);
  };

  const server = createServer(async (incoming, outgoing) => {
    const to = target;
    const fate = to === undefined ? 'cut before it arrives' : (cycle[turn++ % cycle.length] as Fate);
    fates.set(fate, (fates.get(fate) ?? 0) + 1);
    if (to === undefined || fate === 'cut before it arrives') return void outgoing.destroy();
    const pieces: Buffer[] = [];
    for await (const piece of incoming) pieces.push(piece as Buffer);
    if (fate === 'too many') refuse(outgoing, new NexusError('nexus.rate_limited', 'Too many requests.', { retryAfterSeconds: 0 }));
    else if (fate === 'overloaded') refuse(outgoing, new NexusError('nexus.overloaded', 'Too busy.', { retryAfterSeconds: 1 }));
    else pass(incoming, outgoing, Buffer.concat(pieces), to, fate === 'cut before its answer');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fates,
    leadTo(origin) {
      target = origin === undefined ? undefined : new URL(origin);
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
};
