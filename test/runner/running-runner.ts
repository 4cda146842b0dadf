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
  stop(): Promise<void>;
}

const readAnswer = async (response: Response): Promise<Answer> => {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
};

/** The real runner, with its embedded adapters, on a port of its own. */
export const startRunner = async ({
  folder,
  routes,
  env: over = {},
}: {
  folder?: string;
  routes?: unknown;
  env?: Record<string, string | undefined>;
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
  const { services, delivery } = await buildServices(env, log);
  const { server, port } = await listen(services, 0, '127.0.0.1');
  const origin = `http://127.0.0.1:${port}`;
  delivery.start(origin);

  const call: RunningRunner['call'] = async (method, path, body, { context = caller(), headers = {}, routes: granted = ['store', 'blobs'], grant } = {}) => {
    const url = new URL(path, origin);
    const bytes = body === undefined ? undefined : body instanceof Uint8Array ? body : new TextEncoder().encode(JSON.stringify(body));
    const sealed = await sealGrant(
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
      Date.now(),
    );
    return readAnswer(
      await fetch(url, {
        method,
        headers: { ...(bytes === undefined ? {} : { 'content-type': 'application/json' }), [grantHeader]: grant ?? sealed, ...headers },
        ...(bytes === undefined ? {} : { body: bytes as Uint8Array<ArrayBuffer> }),
      }),
    );
  };

  return {
    origin,
    folder: data,
    services,
    logged,
    call,
    async ingest(space, body, options = {}) {
      const accepted = await call('POST', `/nexus/spaces/${space}/ingest`, body, options);
      if (accepted.status !== 202) throw new Error(`ingest answered ${accepted.status}: ${JSON.stringify(accepted.body)}`);
      for (;;) {
        const { body: task } = await call('GET', `/nexus/tasks/${accepted.body.task_id}`, undefined, options);
        if (['succeeded', 'partial', 'failed'].includes(task.status)) return task;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    async stop() {
      await delivery.stop();
      await services.queue.drained();
      await new Promise((resolve) => server.close(resolve));
      await delivery.close();
      if (folder === undefined) rmSync(data, { recursive: true, force: true });
    },
  };
};
