import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { errorAnswer, type NexusError } from '../../shared/errors.ts';

export interface Seen {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
}

/** `reset`: the connection is cut; `silence`: no answer ever. */
export type Answering = (request: Seen, index: number) => Answer | 'reset' | 'silence' | Promise<Answer>;

export const json = (value: unknown, status = 200): Answer => ({ status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) });

export const refusal = (error: NexusError, requestId = 'req_fake'): Answer => {
  const { status, headers, body } = errorAnswer(error, requestId);
  return { status, headers, body: JSON.stringify(body) };
};

/** A real HTTP server on a free port, closed when the test ends; `seen` holds every request in order. */
export const startFakeEdge = async (answering: Answering) => {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', 'http://fake');
    const one: Seen = {
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: Buffer.concat(chunks),
    };
    seen.push(one);
    const answer = await answering(one, seen.length - 1);
    if (answer === 'silence') return;
    if (answer === 'reset') return request.socket.destroy();
    response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(close);
  return { url: `http://127.0.0.1:${port}`, seen, close };
};

export const bodyOf = <T = Record<string, unknown>>(request: Seen | undefined): T => JSON.parse((request?.body ?? Buffer.from('null')).toString()) as T;

export const hit = (id: string, score: number, text = `text of ${id}`) => ({
  id: `${id}#0`,
  doc_id: id,
  chunk: 0,
  type: 'document',
  text,
  metadata: {},
  score,
  source_scope: 'tenant',
  updated_at: '2026-01-02T03:04:05.000000Z',
});

export const page = (hits: unknown[], next_cursor: string | null) => json({ hits, next_cursor, snapshot: {}, took_ms: 1 });

export const task = (taskId: string, status: string, counts: Record<string, number> = {}, errors: unknown[] = []) => ({
  task_id: taskId,
  kind: 'ingest',
  space_id: 's',
  scope: 'tenant',
  status,
  counts: { documents: 0, chunks: 0, written: 0, superseded: 0, failed: 0, ...counts },
  commit_version: 1,
  attempts: 1,
  errors,
  created_at: '2026-01-02T03:04:05.000Z',
  updated_at: '2026-01-02T03:04:05.000Z',
});
