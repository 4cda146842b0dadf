import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Exchange, Reply } from './exchange.ts';
import { type FaultKind, type Faults, noFaults, pickFault, withoutConditions } from './faults.ts';
import { isJsonPath, jsonApi, type Sessions } from './json-api.ts';
import { type Bucket, bucket } from './objects.ts';
import { type RequestLog, requestLog } from './request-log.ts';
import { type Uploads, xmlApi } from './xml-api.ts';

/** An object store in memory that may be served at several doors at once: a faulty one for the product, a good one for who looks on. */
export interface ObjectStore {
  bucketOf(name: string): Bucket | undefined;
  readonly uploads: Uploads;
  readonly sessions: Sessions;
}

export const objectStore = (bucketNames: readonly string[]): ObjectStore => {
  const buckets = new Map(bucketNames.map((name) => [name, bucket()]));
  return { bucketOf: (name) => buckets.get(name), uploads: new Map(), sessions: new Map() };
};

export interface Door {
  url: string;
  log: RequestLog;
  /** May be changed while it serves. */
  faults: Faults;
  /** What the next requests meet, one each, before chance decides. */
  readonly next: (FaultKind | 'none')[];
  close(): Promise<void>;
}

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => Buffer.concat(await request.toArray());

/** Answered without looking at the request. */
const refusals: Partial<Record<FaultKind, number>> = { unavailable: 503, throttled: 429 };
/** Answered although it was done. */
const lies: Partial<Record<FaultKind, number>> = { deniedAfter: 412, failedAfter: 503 };
const injected = '{"error":{"message":"injected"}}';
const retryAfter = { 'retry-after': '1' };

const answer = async (response: ServerResponse, { status, headers = {}, body = '' }: Reply, isHead: boolean, isCut: boolean): Promise<void> => {
  const bytes = Buffer.from(body);
  // A file's answer to HEAD says how long the file is.
  response.writeHead(status, { ...headers, ...(status === 204 || status === 308 ? {} : { 'content-length': bytes.length }) });
  if (isCut && !isHead && bytes.length > 1) {
    await new Promise((resolve) => response.write(bytes.subarray(0, bytes.length >> 1), resolve));
    response.destroy();
  } else response.end(isHead ? undefined : bytes);
};

/** @param port 0: any that is free */
export const serveObjects = async (store: ObjectStore, faults: Partial<Faults> = {}, port = 0, random: () => number = Math.random): Promise<Door> => {
  const log = requestLog();
  const door = { faults: { ...noFaults, ...faults } };
  const next: (FaultKind | 'none')[] = [];

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const startedMs = performance.now();
    const body = await bodyOf(request);
    const url = new URL(request.url ?? '/', 'http://fake');
    const exchange: Exchange = { method: request.method ?? 'GET', url, headers: request.headers, body, bucketOf: store.bucketOf };
    const planned = next.shift() ?? pickFault(door.faults, exchange, random);
    const fault = planned === 'none' ? undefined : planned;
    const waitMs = door.faults.latencyMs + (fault === 'slow' ? random() * door.faults.slowMs : 0);
    if (waitMs > 0) await sleep(waitMs);
    const api = isJsonPath(url.pathname) ? 'json' : 'xml';
    const range = request.headers.range;
    const logged = (reply: Reply): void => {
      const { operation, name, status } = reply;
      const bytesOut = request.method === 'HEAD' ? 0 : Buffer.byteLength(reply.body ?? '');
      log.add({ api, operation, name, range, status, bytesIn: body.length, bytesOut, startedMs, endedMs: performance.now() });
    };
    if (fault === 'dropBefore') {
      logged({ operation: 'dropped', name: url.pathname, status: 0 });
      response.destroy();
      return;
    }
    const refused = fault === undefined ? undefined : refusals[fault];
    if (refused !== undefined) {
      const refusal = { operation: 'refused', name: url.pathname, status: refused, headers: retryAfter, body: injected };
      logged(refusal);
      await answer(response, refusal, request.method === 'HEAD', false);
      return;
    }
    const done = fault === 'unconditional' ? withoutConditions(exchange) : exchange;
    const reply = api === 'json' ? jsonApi(done, store.sessions) : xmlApi(done, store.uploads);
    logged(reply);
    const lie = fault === undefined ? undefined : lies[fault];
    if (fault === 'dropAfter') response.destroy();
    else if (lie !== undefined) await answer(response, { ...reply, status: lie, headers: retryAfter, body: injected }, request.method === 'HEAD', false);
    else await answer(response, reply, request.method === 'HEAD', fault === 'cut');
  };

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return Object.assign(door, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    next,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  });
};
