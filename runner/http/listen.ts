import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { errorAnswer, NexusError } from '../../shared/errors.ts';
import { grantHeader } from '../../shared/grant.ts';
import { newId } from '../../shared/ids.ts';
import { limits } from '../../shared/limits.ts';
import { createRunner } from '../create-runner.ts';
import type { Services } from '../services.ts';

/** The tenant that a grant names, unproved. Undefined: it is no grant. */
const claimedTenant = (grant: string | string[] | undefined): string | undefined => {
  try {
    const payload = typeof grant === 'string' ? grant.split('.')[1] : undefined;
    return JSON.parse(Buffer.from(payload ?? '', 'base64url').toString('utf8')).grant.context.tenant_id;
  } catch {
    return undefined;
  }
};

/** From this share of its room on, the line is looked at before a request is. */
const crowded = limits.waitingRequestsPerTenant;

/**
 * What would be refused for want of room is refused before anything is spent on it: in a flood, saying no is most of the
 * work. The grant is only peeked at, which is safe: the line holds none but proved requests, so a forged grant can get
 * its sender refused and nobody else.
 */
const refuseEarly = ({ admission, metrics, log, nowMs }: Services): ((request: IncomingMessage, response: ServerResponse) => boolean) => {
  const count = metrics.counter('nexus_requests_refused_early_total', 'Requests refused for want of room before they were looked at, by code.');
  const refusedSince = { count: 0 };
  const tell = (): void => {
    log.warn('overload.refused', { requests: refusedSince.count, waiting: admission.work.waiting() });
    refusedSince.count = 0;
  };

  return (request, response) => {
    if (admission.work.waiting() < crowded) return false;
    const tenant = claimedTenant(request.headers[grantHeader]);
    const refused = tenant === undefined ? undefined : admission.work.refusal(tenant);
    if (refused === undefined) return false;
    count(1, { code: refused.code });
    if (refusedSince.count === 0) setTimeout(tell, 1_000).unref();
    refusedSince.count += 1;
    const { status, headers, body } = errorAnswer(refused, newId('request', nowMs()));
    response.writeHead(status, headers).end(JSON.stringify(body));
    return true;
  };
};

/** What never became a request gets the one envelope too. */
const answerUnread = (error: NodeJS.ErrnoException, socket: Duplex): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) return;
  const refused =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? new NexusError('nexus.payload_too_large', `Path, query string and headers are over ${limits.headerBytes} bytes.`)
      : new NexusError('nexus.malformed_json', 'This is not a whole HTTP request. Send it again.');
  const { status, headers, body } = errorAnswer(refused, newId('request', Date.now()));
  const text = JSON.stringify(body);
  const lines = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(text)), connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${text}`);
};

/** Serves the runner. Resolves when it listens. */
export const listen = async (services: Services, port: number, hostname: string): Promise<{ server: Server; port: number }> => {
  const answer = getRequestListener(createRunner(services).fetch);
  const isRefused = refuseEarly(services);
  const server = createServer({ maxHeaderSize: limits.headerBytes }, (request, response) => {
    if (!isRefused(request, response)) void answer(request, response);
  });
  server.on('clientError', answerUnread);
  server.maxConnections = limits.connections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, hostname, resolve);
  });
  return { server, port: (server.address() as AddressInfo).port };
};
