import type { CreateSubscriptionOptions, PubSub, SubscriptionMetadata } from '@google-cloud/pubsub';

export interface EventResourcesWish {
  /** Where the worker answers: `https://…`, without a path. */
  workerUrl: string;
  /** The service account whose OIDC token each push carries: `NEXUS_PUSH_EMAIL` of the worker. */
  pushEmail: string;
  /** Audience of that token: `NEXUS_PUSH_AUDIENCE` of the worker. */
  audience: string;
  /** Begins the name of everything that is made. */
  prefix: string;
  /** Tries before an event goes to the dead letters, 5 to 100. */
  maxDeliveryAttempts?: number;
  /** Longest wait between two tries, up to 600. */
  maxBackoffSeconds?: number;
  /** How long one push may take, 10 to 600. */
  ackDeadlineSeconds?: number;
}

/** What was done to one resource. */
export interface Provisioned {
  kind: 'topic' | 'subscription';
  name: string;
  outcome: 'created' | 'brought up to date';
}

const minuteSeconds = 60;
const daySeconds = 24 * 60 * minuteSeconds;

/** Pub/Sub's longest: one commit of a large request may take minutes, and a push that is given up on is done twice. */
const longestAckDeadlineSeconds = 600;
/** Pub/Sub's shortest: a dead letter that a replay left alone is there for the next one after so long. */
const keptAckDeadlineSeconds = 10;
/** With these waits, about four hours of an embedder that is down. */
const defaultDeliveryAttempts = 60;
const defaultBackoffSeconds = 5 * minuteSeconds;
/** Events wait this long for a worker that is not there, dead letters for an operator. Tombstones outlive it by far. */
const messageRetentionDuration = { seconds: 7 * daySeconds };

const alreadyExists = 6;
const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

const ensureTopic = async (client: PubSub, name: string): Promise<Provisioned> => {
  try {
    await client.createTopic(name);
    return { kind: 'topic', name, outcome: 'created' };
  } catch (error) {
    if (codeOf(error) !== alreadyExists) throw error;
    return { kind: 'topic', name, outcome: 'brought up to date' };
  }
};

const ensureSubscription = async (client: PubSub, topic: string, name: string, wanted: CreateSubscriptionOptions): Promise<Provisioned> => {
  try {
    await client.createSubscription(topic, name, wanted);
    return { kind: 'subscription', name, outcome: 'created' };
  } catch (error) {
    if (codeOf(error) !== alreadyExists) throw error;
  }
  const subscription = client.subscription(name);
  const [actual] = await subscription.getMetadata();
  if (actual.topic?.split('/').at(-1) !== topic)
    throw new Error(
      `The subscription ${name} belongs to ${actual.topic}, not to ${topic}. Delete it (gcloud pubsub subscriptions delete ${name}) and run this again.`,
    );
  // The emulator cannot change this one, and seldom is there anything to change.
  const { expirationPolicy, ...settings } = wanted;
  await subscription.setMetadata({ ...settings, ...(actual.expirationPolicy?.ttl ? { expirationPolicy } : {}) } as SubscriptionMetadata);
  return { kind: 'subscription', name, outcome: 'brought up to date' };
};

const pushTo = (
  { workerUrl, pushEmail, audience, maxBackoffSeconds = defaultBackoffSeconds, ackDeadlineSeconds = longestAckDeadlineSeconds }: EventResourcesWish,
  path: string,
): CreateSubscriptionOptions => ({
  pushConfig: { pushEndpoint: new URL(path, workerUrl).href, oidcToken: { serviceAccountEmail: pushEmail, audience } },
  ackDeadlineSeconds,
  retryPolicy: { minimumBackoff: { seconds: 1 }, maximumBackoff: { seconds: maxBackoffSeconds } },
  messageRetentionDuration,
  expirationPolicy: {}, // Never, however long nobody ingests.
});

export const namesOf = (prefix: string) => ({
  events: `${prefix}-events`,
  deadLetters: `${prefix}-dead-letters`,
  eventsPush: `${prefix}-events-push`,
  deadLettersPush: `${prefix}-dead-letters-push`,
  /** Holds a copy of each dead letter, for `npm run replay:dead-letters`. */
  deadLettersKept: `${prefix}-dead-letters-kept`,
});

/**
 * The topic, the dead-letter topic, the push subscriptions of both, and one that keeps dead letters for a replay. May be run again at any time: what is there is
 * brought to these settings, and no message is lost.
 * @throws Error of Pub/Sub
 */
export const provisionEvents = async (client: PubSub, wish: EventResourcesWish): Promise<Provisioned[]> => {
  const names = namesOf(wish.prefix);
  const topics = [await ensureTopic(client, names.events), await ensureTopic(client, names.deadLetters)];
  // Dead letters first: an event that dies on a topic without a subscription is gone.
  const deadLetters = await ensureSubscription(client, names.deadLetters, names.deadLettersPush, pushTo(wish, '/worker/dead-letters'));
  const kept = await ensureSubscription(client, names.deadLetters, names.deadLettersKept, {
    ackDeadlineSeconds: keptAckDeadlineSeconds,
    messageRetentionDuration,
    expirationPolicy: {},
  });
  const events = await ensureSubscription(client, names.events, names.eventsPush, {
    ...pushTo(wish, '/worker/events'),
    deadLetterPolicy: { deadLetterTopic: client.topic(names.deadLetters).name, maxDeliveryAttempts: wish.maxDeliveryAttempts ?? defaultDeliveryAttempts },
  });
  return [...topics, deadLetters, kept, events];
};
