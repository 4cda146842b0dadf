import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnvironment } from '../../runner/environment.ts';
import { listen } from '../../runner/http/listen.ts';
import type { Log } from '../../runner/ports/log.ts';
import { buildServices, type Services } from '../../runner/services.ts';
import type { RequestContext } from '../../shared/context.ts';
import { grantHeader, sealGrant } from '../../shared/grant.ts';

export const grantSecret = 'a-grant-secret-that-only-tests-know';
export const cursorKeys = 'k1:a-cursor-secret-that-only-tests-know';

/** A caller as the edge would describe it. */
export const caller = (over: Partial<RequestContext> = {}): RequestContext => ({
  tenant_id: 't_a',
  env: 'dev',
  project_id: 'p1',
  surface_id: 'marketing',
  subject: 'tester',
  roles: ['writer'],
  ...over,
});

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the wire is untyped on purpose
  body: any;
  bytes: Uint8Array;
  headers: Headers;
}

export interface Call {
  context?: RequestContext;
  headers?: Record<string, string>;
  routes?: string[];
  grant?: string;
}

export interface RunningRunner {
  origin: string;
  folder: string;
  services: Services;
  logged: { severity: string; event: string; fields: Record<string, unknown> | undefined }[];
  call(method: string, path: string, body?: unknown, call?: Call): Promise<Answer>;
  /** Ingests and waits until the task has ended. */
  ingest(space: string, body: unknown, call?: Call): Promise<Answer['body']>;
  /** Draws a space's map and waits until the task has ended. */
  draw(space: string, call?: Call): Promise<Answer['body']>;
  stop(): Promise<void>;
}

const readAnswer = async (response: Response): Promise<Answer> => {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const text = new TextDecoder().decode(bytes);
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: response.status, body: isJson ? JSON.parse(text) : text, bytes, headers: response.headers };
};

/** The real runner, with its embedded adapters, on a port of its own. */
export const startRunner = async ({
  folder,
  routes,
  env: over = {},
  nowMs = Date.now,
}: {
  folder?: string;
  routes?: unknown;
  env?: Record<string, string | undefined>;
  /** Its time of day, and that of the edge whose grants it is sent. */
  nowMs?: () => number;
} = {}): Promise<RunningRunner> => {
  const data = folder ?? mkdtempSync(join(tmpdir(), 'nexus-runner-'));
  const registry = routes ?? {
    routes: [
      { id: 'store', kind: 'nexus_store', match: {}, backend: 'lancedb', root: join(data, 'store') },
      { id: 'blobs', kind: 'nexus_blob_store', match: {}, backend: 'blob', root: join(data, 'blobs') },
    ],
  };
  const env = parseEnvironment({
    NEXUS_PROFILE: 'local',
    NEXUS_ROUTES: JSON.stringify(registry),
    NEXUS_GRANT_SECRET: grantSecret,
    NEXUS_CURSOR_KEYS: cursorKeys,
    NEXUS_DATA: data,
    ...over,
  });
  const logged: RunningRunner['logged'] = [];
  const keep = (severity: string) => (event: string, fields?: Record<string, unknown>) => {
    logged.push({ severity, event, fields });
  };
  const log: Log = { info: keep('INFO'), warn: keep('WARNING'), error: keep('ERROR') };
  const { services, delivery } = await buildServices(env, log, nowMs);
  const { server, port } = await listen(services, 0, '127.0.0.1');
  const origin = `http://127.0.0.1:${port}`;
  delivery.start(origin);

  const call: RunningRunner['call'] = async (method, path, body, { context = caller(), headers = {}, routes: granted = ['store', 'blobs'], grant } = {}) => {
    const url = new URL(path, origin);
    const bytes = body === undefined ? undefined : body instanceof Uint8Array ? body : new TextEncoder().encode(JSON.stringify(body));
    const sealed = sealGrant(
      {
        context,
        method,
        path: url.pathname,
        query: url.search,
        request_id: 'req_test',
        routes: granted,
        ...(bytes === undefined ? {} : { body_sha256: createHash('sha256').update(bytes).digest('hex') }),
      },
      grantSecret,
      nowMs(),
    );
    return readAnswer(
      await fetch(url, {
        method,
        headers: { ...(bytes === undefined ? {} : { 'content-type': 'application/json' }), [grantHeader]: grant ?? sealed, ...headers },
        ...(bytes === undefined ? {} : { body: bytes as Uint8Array<ArrayBuffer> }),
      }),
    );
  };

  /** The task as it ended. @throws when it was not accepted */
  const accepted = async (method: string, path: string, body: unknown, options: Call): Promise<Answer['body']> => {
    const answer = await call(method, path, body, options);
    if (answer.status !== 202) throw new Error(`${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    for (;;) {
      const { body: task } = await call('GET', `/nexus/tasks/${answer.body.task_id}`, undefined, options);
      if (['succeeded', 'partial', 'failed'].includes(task.status)) return task;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };

  return {
    origin,
    folder: data,
    services,
    logged,
    call,
    ingest: (space, body, options = {}) => accepted('POST', `/nexus/spaces/${space}/ingest`, body, options),
    draw: (space, options = {}) => accepted('POST', `/nexus/spaces/${space}/haze/snapshot`, undefined, options),
    async stop() {
      await delivery.stop();
      await services.queue.drained();
      await new Promise((resolve) => server.close(resolve));
      await delivery.close();
      await services.closeTelemetry();
      if (folder === undefined) rmSync(data, { recursive: true, force: true });
    },
  };
};
