import { type PublishOptions, PubSub } from '@google-cloud/pubsub';
import { messageAttributes } from '../../shared/events.ts';
import type { Events } from '../ports/events.ts';

export interface PubsubEventsOptions {
  /** `projects/{project}/topics/{topic}`. */
  topic: string;
  /** `host:port` of an emulator, which takes no credentials. */
  emulatorHost?: string | undefined;
}

export interface PubsubEvents extends Events {
  /** Sends what waits, and resolves when everything given to `publish` has its answer. */
  close(): Promise<void>;
}

/** gRPC's: unknown, deadline exceeded, resource exhausted, aborted, internal, unavailable. Anything else stays wrong. */
const worthAnotherTry = [2, 4, 8, 10, 13, 14];

/**
 * A 202 waits for its event, so a batch is given a few milliseconds only: under load one request carries many events,
 * and alone an event hardly waits. The whole publication gives up well before the edge does.
 */
const publishOptions: PublishOptions = {
  batching: { maxMessages: 100, maxBytes: 1024 * 1024, maxMilliseconds: 5 },
  gaxOpts: {
    retry: {
      retryCodes: worthAnotherTry,
      backoffSettings: {
        initialRetryDelayMillis: 100,
        retryDelayMultiplier: 2,
        maxRetryDelayMillis: 2_000,
        initialRpcTimeoutMillis: 5_000,
        rpcTimeoutMultiplier: 1,
        maxRpcTimeoutMillis: 5_000,
        totalTimeoutMillis: 10_000,
      },
    },
  },
};

const clientFor = (projectId: string, emulatorHost: string | undefined): PubSub =>
  new PubSub(
    emulatorHost === undefined
      ? { projectId }
      : // Named, the universe is not asked of a metadata server that is not there.
        { projectId, apiEndpoint: emulatorHost, emulatorMode: true, universeDomain: 'googleapis.com' },
  );

/** The event spine of the cloud. Pub/Sub stamps each event with its publish time, which is the order of acceptance. */
export const pubsubEvents = ({ topic: name, emulatorHost }: PubsubEventsOptions): PubsubEvents => {
  const client = clientFor(name.split('/')[1] ?? '', emulatorHost);
  const topic = client.topic(name, publishOptions);
  const underWay = new Set<Promise<unknown>>();
  return {
    async publish(event) {
      const publication = topic.publishMessage({ data: Buffer.from(JSON.stringify(event)), attributes: messageAttributes(event) });
      underWay.add(publication);
      await publication.finally(() => underWay.delete(publication));
    },
    async close() {
      await topic.flush().catch(() => undefined); // Each publisher is told itself.
      await Promise.allSettled(underWay);
      await client.close();
    },
  };
};
