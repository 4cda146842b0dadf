import { createServer, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

/**
 * What Google does and its emulator does not: each push is signed, and the keys are published. It stands between the
 * emulator and a worker. What it is told to lose, it loses after the worker has answered: the emulator then delivers again.
 */

export const pushEmail = 'nexus-push@project.iam.example';
export const pushAudience = 'https://worker.example';

export interface PassedOn {
  path: string;
  /** Id of the event, or of its task. */
  id: string;
  publishTime: string;
  status: number;
}

export interface GooglePusher {
  /** Where the emulator pushes to. */
  url: string;
  jwksUrl: string;
  passedOn: PassedOn[];
  /** The worker behind; without one each push is answered 503. */
  passTo(origin: string): void;
  /** The answer that the emulator gets instead of the worker's; undefined: the worker's own. */
  answerInstead: (push: PassedOn) => number | undefined;
  /** Delivers by itself again what the worker did not acknowledge: of many that fail at once the emulator forgets some. */
  insists: boolean;
  /** Pushes for which this holds do not reach the worker: 503. */
  holdBack: (path: string, id: string) => boolean;
  /** Google changes its keys: from now on another one signs, and both are published. */
  rotateKey(): Promise<void>;
  close(): Promise<void>;
}

const readAll = async (request: IncomingMessage): Promise<string> => {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
};

const newKey = async (kid: string): Promise<{ privateKey: CryptoKey; jwk: JWK }> => {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' } };
};

const tokenOf = ({ privateKey, jwk }: { privateKey: CryptoKey; jwk: JWK }): Promise<string> =>
  new SignJWT({ email: pushEmail, email_verified: true })
    .setProtectedHeader({ alg: 'RS256', kid: String(jwk.kid), typ: 'JWT' })
    .setIssuer('https://accounts.google.com')
    .setAudience(pushAudience)
    .setSubject('114000000000000000000')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey);

const idOf = (body: string): { id: string; publishTime: string } => {
  const { message } = JSON.parse(body) as { message: { data: string; publishTime: string } };
  return { id: String(JSON.parse(Buffer.from(message.data, 'base64').toString('utf8')).id), publishTime: message.publishTime };
};

export const startGooglePusher = async (): Promise<GooglePusher> => {
  const keys = [await newKey('g1')];
  let worker: string | undefined;

  const passOnce = async (path: string, body: string): Promise<number> => {
    if (worker === undefined) return 503;
    const token = await tokenOf(keys[0] as (typeof keys)[0]);
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    return fetch(worker + path, { method: 'POST', headers, body }).then(
      async (answer) => {
        await answer.arrayBuffer();
        return answer.status;
      },
      () => 502,
    );
  };

  const pass = async (path: string, body: string): Promise<number> => {
    for (;;) {
      const status = await passOnce(path, body);
      if (status < 300 || !pusher.insists) return status;
      await sleep(100);
    }
  };

  const server = createServer(async (request, response) => {
    const path = request.url ?? '/';
    if (path === '/certs') {
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));
      return;
    }
    const body = await readAll(request);
    const message = idOf(body);
    const push: PassedOn = { path, ...message, status: pusher.holdBack(path, message.id) ? 503 : await pass(path, body) };
    pusher.passedOn.push(push);
    response.statusCode = pusher.answerInstead(push) ?? push.status;
    response.end();
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });

  const pusher: GooglePusher = {
    url: `http://127.0.0.1:${port}`,
    jwksUrl: `http://127.0.0.1:${port}/certs`,
    passedOn: [],
    passTo(origin) {
      worker = origin;
    },
    answerInstead: () => undefined,
    holdBack: () => false,
    insists: false,
    async rotateKey() {
      keys.unshift(await newKey(`g${keys.length + 1}`));
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return pusher;
};
