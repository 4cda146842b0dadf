import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Deliverer, type DelivererOptions, startDeliverer } from '../../runner/adapters/spool/deliverer.ts';
import { loadPushKey, type PushKey } from '../../runner/adapters/spool/push-key.ts';
import { spoolEvents } from '../../runner/adapters/spool/spool-events.ts';
import { type SpoolFiles, spoolFiles } from '../../runner/adapters/spool/spool-files.ts';
import type { Events } from '../../runner/ports/events.ts';
import { maintenanceEvent, type NexusEvent, type PushEnvelope, pushSchema } from '../../shared/events.ts';
import { spaceKey } from '../../shared/space-key.ts';

export const eventsUrl = 'http://127.0.0.1:1/worker/events';
export const deadLettersUrl = 'http://127.0.0.1:1/worker/dead-letters';
export const audience = 'the worker';

/** Any event does: the spool looks only whose it is. */
export const eventNamed = (id: string, tenant_id = 't_a'): NexusEvent =>
  maintenanceEvent(spaceKey({ tenant_id, env: 'dev', project_id: 'p', surface_id: 's' }, 'tenant', 'x'), undefined, id, 0);

/** One push as the receiving side saw it. */
export interface Push {
  url: string;
  id: string;
  envelope: PushEnvelope;
  authorization: string;
}

/** What the receiving side answers: a status; that there is more to do; or nothing: the connection ends, whatever was done of the work. */
export type Answer = number | 'unfinished' | 'nothing';

export interface RunningSpool {
  folder: string;
  files: SpoolFiles;
  key: PushKey;
  events: Events;
  pushes: Push[];
  logged: string[];
  /** Decides each answer; 204 until it is set. */
  answer: (push: Push) => Answer | Promise<Answer>;
  start(options?: Partial<DelivererOptions>, files?: SpoolFiles): Deliverer;
  /** Resolves as soon as it holds. */
  until(holds: () => boolean): Promise<void>;
  inQueue(): string[];
  inDead(): string[];
  remove(): void;
}

const quick: DelivererOptions = {
  ...{ eventsUrl, deadLettersUrl, audience },
  ...{ maxInFlight: 8, maxInFlightPerTenant: 6, maxAttempts: 40, firstBackoffMs: 1, maxBackoffMs: 4, pollMs: 5, pushTimeoutMs: 60_000 },
};

export const startSpool = async (): Promise<RunningSpool> => {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-spool-'));
  const files = spoolFiles(folder);
  const key = await loadPushKey(join(folder, 'push-key.json'));
  let deliverer: Deliverer | undefined;
  const named = (name: string): string[] => readdirSync(join(folder, name)).sort();
  const log = (event: string): void => {
    spool.logged.push(event);
  };

  const receive = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const envelope = pushSchema.parse(JSON.parse(String(init?.body)));
    const text = Buffer.from(envelope.message.data, 'base64').toString('utf8');
    const id = /"id":"([^"]*)"/.exec(text)?.[1] ?? text;
    const push: Push = { url: String(url), id, envelope, authorization: new Headers(init?.headers).get('authorization') ?? '' };
    spool.pushes.push(push);
    const answer = await spool.answer(push);
    if (answer === 'nothing') throw new TypeError('fetch failed');
    if (answer === 'unfinished') return new Response(null, { status: 503, headers: { 'retry-after': '0' } });
    return new Response(null, { status: answer });
  };

  const spool: RunningSpool = {
    folder,
    files,
    key,
    events: spoolEvents({ folder, files, wake: () => deliverer?.wake(), nowMs: Date.now }),
    pushes: [],
    logged: [],
    answer: () => 204,
    start(options = {}, spooled = files) {
      const started = startDeliverer(
        { files: spooled, key, fetch: receive, nowMs: Date.now, log: { info: log, warn: log, error: log } },
        { ...quick, ...options },
      );
      deliverer = started;
      return started;
    },
    async until(holds) {
      while (!holds()) await new Promise((resolve) => setImmediate(resolve));
    },
    inQueue: () => named('queue'),
    inDead: () => named('dead'),
    remove() {
      void deliverer?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return spool;
};
