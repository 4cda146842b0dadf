import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pubsubEvents } from './adapters/pubsub-events.ts';
import { type Deliverer, defaultDelivery, startDeliverer } from './adapters/spool/deliverer.ts';
import { loadPushKey, type PushKey, spoolEmail, spoolIssuer } from './adapters/spool/push-key.ts';
import { spoolEvents } from './adapters/spool/spool-events.ts';
import { spoolFiles } from './adapters/spool/spool-files.ts';
import type { Environment } from './environment.ts';
import type { Events } from './ports/events.ts';
import type { Log } from './ports/log.ts';
import { googlePushIssuers, remotePushKeys, type VerifyPush, verifyLocalPush, verifyPushToken } from './worker/push-auth.ts';

/** How events come back to this process, and how it lets go of the spine. */
export interface Delivery {
  /** When the server listens. */
  start(origin: string): void;
  /** While the server still answers: nothing more is delivered from here. */
  stop(): Promise<void>;
  /** After the last request: what was published is on its way. */
  close(): Promise<void>;
}

export interface EventSpine {
  events: Events;
  verifyPush: VerifyPush;
  delivery: Delivery;
}

interface Deps {
  nowMs: () => number;
  log: Log;
}

/** The environment's schema has seen to it that what is needed is there. */
const required = (value: string | undefined, name: string): string => {
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};

const verifierOf = (env: Environment, nowMs: () => number): VerifyPush => {
  if (env.NEXUS_PUSH_AUTH === 'none') return verifyLocalPush;
  const audience = required(env.NEXUS_PUSH_AUDIENCE, 'NEXUS_PUSH_AUDIENCE');
  const email = required(env.NEXUS_PUSH_EMAIL, 'NEXUS_PUSH_EMAIL');
  return verifyPushToken({ keys: remotePushKeys(env.NEXUS_PUSH_JWKS_URL), issuers: googlePushIssuers, audience, email }, nowMs);
};

/** Pub/Sub delivers by itself, to the push endpoint of its subscription. */
const pubsubSpine = (env: Environment, { nowMs }: Deps): EventSpine => {
  const events = pubsubEvents({ topic: required(env.NEXUS_PUBSUB_TOPIC, 'NEXUS_PUBSUB_TOPIC'), emulatorHost: env.PUBSUB_EMULATOR_HOST });
  return {
    events,
    // A role that takes no pushes has no endpoint for them, and need not know whose it would believe.
    verifyPush: env.NEXUS_ROLE === 'query' ? verifyLocalPush : verifierOf(env, nowMs),
    delivery: { start: () => undefined, stop: async () => undefined, close: () => events.close() },
  };
};

const spoolAudience = 'nexus-local-worker';

/** The spool signs its pushes; they go through the same check as Google's. */
const spoolVerifier = (env: Environment, key: PushKey, nowMs: () => number): VerifyPush => {
  if (env.NEXUS_PUSH_AUTH === 'none') return verifyLocalPush;
  return verifyPushToken({ keys: key.verifyKeys, issuers: [spoolIssuer], audience: env.NEXUS_PUSH_AUDIENCE ?? spoolAudience, email: spoolEmail }, nowMs);
};

const spoolSpine = async (env: Environment, { nowMs, log }: Deps): Promise<EventSpine> => {
  const folder = join(env.NEXUS_DATA ?? '', 'spool');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = spoolFiles(folder);
  const key = await loadPushKey(join(folder, 'push-key.json'));
  const audience = env.NEXUS_PUSH_AUDIENCE ?? spoolAudience;
  let deliverer: Deliverer | undefined;
  return {
    events: spoolEvents({ folder, files, wake: () => deliverer?.wake(), nowMs }),
    verifyPush: spoolVerifier(env, key, nowMs),
    delivery: {
      start(origin) {
        if (env.NEXUS_ROLE === 'query') return;
        const urls = { eventsUrl: `${origin}/worker/events`, deadLettersUrl: `${origin}/worker/dead-letters`, audience };
        deliverer = startDeliverer({ files, key, fetch, nowMs, log }, { ...defaultDelivery, pushTimeoutMs: env.NEXUS_PUSH_DEADLINE_MS, ...urls });
      },
      async stop() {
        await deliverer?.stop();
      },
      close: async () => undefined,
    },
  };
};

/** The event spine that `NEXUS_EVENTS` names. */
export const buildSpine = (env: Environment, deps: Deps): Promise<EventSpine> =>
  env.NEXUS_EVENTS === 'pubsub' ? Promise.resolve(pubsubSpine(env, deps)) : spoolSpine(env, deps);
