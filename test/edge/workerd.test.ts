import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../shared/limits.ts';
import { environment, expectRefusal } from './edge-under-test.ts';
import { type Seen, startRawRunner } from './raw-runner.ts';
import { tokenWith } from './tokens.ts';
import { startWorkerd } from './workerd-process.ts';

/** What only the real runtime can show: how bodies end on the wire. */

const blobPath = '/nexus/spaces/s1/blobs/file.bin';
const chunk = 64 * 1024;

let answer: (response: ServerResponse, seen: Seen) => void;
let workerd: Awaited<ReturnType<typeof startWorkerd>>;
let runner: Awaited<ReturnType<typeof startRawRunner>>;
let edge: URL;
let authorization: string;

const ok = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
};

beforeAll(async () => {
  runner = await startRawRunner((response, seen) => answer(response, seen));
  workerd = await startWorkerd({ ...environment, NEXUS_RUNNERS: runner.url });
  edge = workerd.url;
  authorization = `Bearer ${await tokenWith({ exp: Math.floor(Date.now() / 1000) + 600 })}`;
}, 120_000);
afterAll(async () => {
  await workerd?.close();
  await runner?.close();
});

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(new URL(path, edge), { ...init, headers: { authorization, ...(init.headers as Record<string, string>) } });

/** Begins an upload and leaves when its first bytes have reached the runner. */
const leaveInTheMiddle = async (framing: string, start: string): Promise<Seen> => {
  const [seen, arrived] = [runner.next(), runner.firstBytes()];
  const socket = connect(Number(edge.port), edge.hostname);
  socket.on('error', () => undefined);
  socket.write(`PUT ${blobPath} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\n${framing}\r\n\r\n${start}`);
  await arrived;
  socket.destroy();
  return seen;
};

/** Sends a body without saying its length, until the edge answers. */
const sendChunked = async (path: string, method: string, bytes: number): Promise<{ status: number; text: string }> => {
  const request = httpRequest(new URL(path, edge), { method, headers: { authorization, 'content-type': 'application/json' } });
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  request.on('error', () => undefined);
  for (let sent = 0; sent < bytes; sent += chunk) {
    if (!request.write(Buffer.alloc(chunk, 32))) await Promise.race([once(request, 'drain'), answered]);
  }
  request.end();
  const [response] = await answered;
  let text = '';
  for await (const part of response) text += String(part);
  return { status: response.statusCode ?? 0, text };
};

describe('the edge in workerd', () => {
  test('starts with this configuration, and answers', async () => {
    const response = await fetch(new URL('/health', edge));
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
    await expectRefusal(await fetch(new URL('/nexus/spaces', edge)), 'auth.unauthenticated');
  });

  test('forwards with a grant, without anything of the caller’s own', async () => {
    answer = ok;
    const seen = runner.next();
    const response = await ask('/nexus/spaces/s%31?scope=tenant', { headers: { 'x-nexus-grant': 'forged', cookie: 'a=b', 'x-request-id': 'mine' } });
    expect([response.status, await response.text()]).toEqual([200, '{"ok":true}']);
    const { headers, url } = await seen;
    expect(url).toBe('/nexus/spaces/s%31?scope=tenant');
    expect(headers['x-nexus-grant']).toMatch(/^eyJ/);
    expect([headers.authorization, headers.cookie, headers['x-request-id']]).toEqual([undefined, undefined, 'mine']);
  });

  test('keeps the declared length of what it streams', async () => {
    answer = ok;
    const seen = runner.next();
    expect((await ask(blobPath, { method: 'PUT', body: Buffer.alloc(5_000_000) })).status).toBe(200);
    expect(await seen).toMatchObject({ bytes: 5_000_000, end: 'whole', headers: { 'content-length': '5000000' } });
  });

  test('streams a body of unknown length above what it reads, whole', async () => {
    answer = ok;
    const seen = runner.next();
    expect((await sendChunked('/nexus/spaces/s1/ingest', 'POST', 48 * chunk)).status).toBe(200);
    expect(await seen).toMatchObject({ bytes: 48 * chunk, end: 'whole' });
  });

  test('tells the size of a file to HEAD', async () => {
    answer = (response) => void response.writeHead(200, { 'content-type': 'application/pdf', 'content-length': '1234', etag: '"e"' }).end();
    const response = await ask(blobPath, { method: 'HEAD' });
    expect([response.status, response.headers.get('content-length'), response.headers.get('etag')]).toEqual([200, '1234', '"e"']);
  });

  test('follows no redirect', async () => {
    answer = (response) => void response.writeHead(302, { location: `${runner.url}/elsewhere` }).end();
    await expectRefusal(await ask('/nexus/spaces/s1'), 'nexus.upstream_invalid');
  });
});

describe('a body that does not end never arrives as a whole one', () => {
  test('when its sender leaves in the middle of a declared length', async () => {
    const seen = await leaveInTheMiddle('content-length: 300000', 'y'.repeat(50_000));
    expect([seen.end, seen.bytes < 300_000]).toEqual(['broken off', true]);
  });

  test('when its sender leaves in the middle of chunks', async () => {
    const seen = await leaveInTheMiddle('transfer-encoding: chunked', `c350\r\n${'y'.repeat(50_000)}\r\n`);
    expect(seen.end).toBe('broken off');
  });

  test('when it turns out too long: 413', async () => {
    const seen = runner.next();
    const response = await sendChunked(blobPath, 'PUT', limits.blobBytes + 8 * chunk);
    expect([response.status, JSON.parse(response.text)]).toMatchObject([413, { error: { code: 'nexus.payload_too_large' } }]);
    expect((await seen).end).toBe('broken off');
  });
});

test('an answer that breaks off in the middle breaks off at the caller, too', async () => {
  answer = (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"hits":[', () => response.destroy());
  };
  const response = await ask('/nexus/spaces/s1');
  await expect(response.text()).rejects.toThrow();
});

test('a caller whose connection breaks ends the request to the runner', async () => {
  const socket = connect(Number(edge.port), edge.hostname);
  const closed = new Promise<void>((resolve) => {
    answer = (response) => {
      response.on('close', resolve);
      socket.resetAndDestroy();
    };
  });
  socket.write(`GET /nexus/spaces/s1 HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\n\r\n`);
  await closed;
});

test('a runner that is gone: 503', async () => {
  await runner.close();
  await expectRefusal(await ask('/nexus/spaces/s1'), 'nexus.upstream_unavailable');
});
