import type { z } from 'zod';
import { eventSchema, type NexusEvent, pushSchema, replayAttribute, seqOf } from '../../shared/events.ts';
import { type Salvaged, salvageTask } from './salvage.ts';

/** A push as it arrived: its event, its place in the order of acceptance, and how often it was tried. */
export interface ReceivedEvent {
  event: NexusEvent;
  seq: number;
  messageId: string;
  deliveryAttempt: number | undefined;
  /** It was a dead letter, and an operator wants it done. */
  isReplay: boolean;
}

/** Why a push can never succeed. */
export interface UnreadablePush {
  unreadable: string;
  /** Whose request it was, if its bytes still tell. */
  salvaged?: Salvaged | undefined;
}

const reason = (what: string, error: z.ZodError): string => `${what}: ${error.issues[0]?.path.join('.')} ${error.issues[0]?.message}`;

/** Body of a push → event. What cannot be read now can never be: the caller records and acknowledges it. */
export const receivePush = (body: unknown): ReceivedEvent | UnreadablePush => {
  const push = pushSchema.safeParse(body);
  if (!push.success) return { unreadable: reason('not a push envelope', push.error) };
  const text = Buffer.from(push.data.message.data, 'base64').toString('utf8');
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return { unreadable: 'the message is not JSON', salvaged: salvageTask(text) };
  }
  const event = eventSchema.safeParse(data);
  if (!event.success) return { unreadable: reason('not an event of ours', event.error), salvaged: salvageTask(text) };
  const { message, deliveryAttempt } = push.data;
  return {
    event: event.data,
    seq: seqOf(push.data),
    messageId: message.messageId,
    deliveryAttempt,
    isReplay: message.attributes[replayAttribute] !== undefined,
  };
};
