import { connect, type Socket } from 'node:net';

/** One request as bytes, made before the clock runs. */
export const rawRequest = (origin: string, method: string, path: string, headers: Record<string, string>, body: Uint8Array): Uint8Array => {
  const lines = [`${method} ${path} HTTP/1.1`, `host: ${new URL(origin).host}`, `content-length: ${body.length}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]);
};

/** What came back: a status, or why there is none. */
export type Outcome = number | 'broken' | 'not sent';

interface Connection {
  send(request: Uint8Array, done: (outcome: Outcome) => void): void;
}

const endOfHead = Buffer.from('\r\n\r\n');

/** One keep-alive connection that reads just enough of an answer to know its status and its end. */
const openConnection = (origin: string, idle: (connection: Connection) => void, closed: (connection: Connection) => void): Connection => {
  const { hostname, port } = new URL(origin);
  const socket: Socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  let done: ((outcome: Outcome) => void) | undefined;
  let status = 0;
  let left = -1;
  let kept = Buffer.alloc(0);

  const finish = (): void => {
    const tell = done;
    done = undefined;
    left = -1;
    idle(connection);
    tell?.(status);
  };
  socket.on('data', (piece) => {
    if (left >= 0) {
      left -= piece.length;
      if (left <= 0) finish();
      return;
    }
    kept = kept.length === 0 ? piece : Buffer.concat([kept, piece]);
    const end = kept.indexOf(endOfHead);
    if (end === -1) return;
    const head = kept.toString('latin1', 0, end);
    status = Number(head.slice(9, 12));
    left = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0) - (kept.length - end - endOfHead.length);
    kept = Buffer.alloc(0);
    if (left <= 0) finish();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    done?.('broken');
    closed(connection);
  });
  const connection: Connection = {
    send(request, told) {
      done = told;
      socket.write(request);
    },
  };
  return connection;
};

/** As many keep-alive connections as are needed, up to a number; a request that finds none is told so. */
export const rawClient = (origin: string, connectionsMax: number): ((request: Uint8Array) => Promise<Outcome>) => {
  const waiting: Connection[] = [];
  let open = 0;
  const closed = (connection: Connection): void => {
    open -= 1;
    // A server closes what has been idle for a while.
    const at = waiting.indexOf(connection);
    if (at >= 0) waiting.splice(at, 1);
  };
  const idle = (connection: Connection): void => {
    waiting.push(connection);
  };
  return (request) =>
    new Promise((resolve) => {
      const known = waiting.pop();
      if (known !== undefined) return known.send(request, resolve);
      if (open >= connectionsMax) return resolve('not sent');
      open += 1;
      openConnection(origin, idle, closed).send(request, resolve);
    });
};
