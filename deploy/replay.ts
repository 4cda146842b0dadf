import type { Message, PubSub } from '@google-cloud/pubsub';
import { firstPublished, firstPublishTime, replayAttribute } from '../shared/events.ts';
import { namesOf } from './event-resources.ts';

/** A dead letter, as far as it can be told. */
export interface DeadLetter {
  /** Of the request's task; what has none is named by its event. */
  id: string;
  type: string;
  /** `/nexus/spaces/{space_id}`. */
  source: string;
  /** RFC 3339: when its request was accepted. */
  acceptedAt: string;
}

export interface ReplayWish {
  prefix: string;
  /** Tells what there is, and leaves it there. */
  listOnly: boolean;
  /** Only these; none: all. */
  ids: readonly string[];
  /** The end is when nothing more has come for so long. */
  quietMs: number;
}

const letterOf = ({ attributes, publishTime }: Message): DeadLetter => ({
  id: attributes['ce-id'] ?? '?',
  type: attributes['ce-type'] ?? '?',
  source: attributes['ce-source'] ?? '?',
  acceptedAt: firstPublished(attributes) ?? publishTime.toISOString(),
});

/**
 * Publishes dead letters again. Each keeps its place in the order of acceptance, so that what was accepted since stays, and
 * says that its task is to be opened again. It is acknowledged only when it was published: a replay that breaks off may be
 * run again, and what is published twice has its effect once.
 * @param tell of each letter, when it is done
 * @throws Error of Pub/Sub
 */
export const replayDeadLetters = async (
  client: PubSub,
  { prefix, listOnly, ids, quietMs }: ReplayWish,
  tell: (letter: DeadLetter) => void,
): Promise<number> => {
  const names = namesOf(prefix);
  const topic = client.topic(names.events);
  const subscription = client.subscription(names.deadLettersKept, { flowControl: { maxMessages: 1000 } });
  const seen = new Set<string>();
  let count = 0;
  const take = async (message: Message): Promise<void> => {
    const letter = letterOf(message);
    if (seen.has(message.id) || (ids.length > 0 && !ids.includes(letter.id))) return;
    seen.add(message.id);
    if (!listOnly) {
      await topic.publishMessage({ data: message.data, attributes: { ...message.attributes, [firstPublishTime]: letter.acceptedAt, [replayAttribute]: '1' } });
      message.ack();
    }
    count += 1;
    tell(letter);
  };
  try {
    await new Promise<void>((resolve, reject) => {
      const quiet = setTimeout(resolve, quietMs);
      subscription.on('error', reject);
      subscription.on('message', (message: Message) => {
        quiet.refresh();
        take(message).catch(reject);
      });
    });
  } finally {
    // What was not acknowledged is there again when its deadline is over.
    await subscription.close();
  }
  return count;
};
