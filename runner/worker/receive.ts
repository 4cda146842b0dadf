import type { z } from 'zod';
import { eventSchema, type NexusEvent, pushSchema, seqOf } from '../../shared/events.ts';

/** A push as it arrived: its event, its place in the order of acceptance, and how often it was tried. */
export interface ReceivedEvent {
  event: NexusEvent;
  seq: number;
  messageId: string;
  deliveryAttempt: number | undefined;
}

/** Why a push can never succeed. */
export interface UnreadablePush {
  unreadable: string;
}

const reason = (what: string, error: z.ZodError): UnreadablePush => ({ unreadable: `${what}: ${error.issues[0]?.path.join('.')} ${error.issues[0]?.message}` });

/** Body of a push → event. What cannot be read now can never be: the caller records and acknowledges it. */
export const receivePush = (body: unknown): ReceivedEvent | UnreadablePush => {
  const push = pushSchema.safeParse(body);
  if (!push.success) return reason('not a push envelope', push.error);
  let data: unknown;
  try {
    data = JSON.parse(Buffer.from(push.data.message.data, 'base64').toString('utf8'));
  } catch {
    return { unreadable: 'the message is not JSON' };
  }
  const event = eventSchema.safeParse(data);
  if (!event.success) return reason('not an event of ours', event.error);
  return { event: event.data, seq: seqOf(push.data), messageId: push.data.message.messageId, deliveryAttempt: push.data.deliveryAttempt };
};
