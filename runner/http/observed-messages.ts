import { areaOf } from '../../shared/context.ts';
import type { NexusEvent } from '../../shared/events.ts';
import { nextTrace, parseTraceparent } from '../../shared/trace.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import { named, type Spans } from '../ports/spans.ts';
import type { ReceivedEvent } from '../worker/receive.ts';
import { asNexusError } from './as-nexus-error.ts';

export type MessageOutcome = 'done' | 'given_up' | 'retried';

const microsecondsPerSecond = 1e6;

/** Whose message it is; maintenance has no request behind it. */
const whoOf = ({ data }: NexusEvent): Record<string, string> => ({
  ...areaOf(data.space),
  space_id: data.space.space_id,
  ...('request_id' in data ? { request_id: data.request_id } : {}),
});

/** One line in the log, the metrics and a span for each message that was delivered, whatever became of it. */
export const observeMessages = ({ log, metrics, spans, nowMs }: { log: Log; metrics: Metrics; spans?: Spans | undefined; nowMs: () => number }) => {
  const count = metrics.counter('nexus_messages_total', 'Messages handled, by type and outcome (done, given_up, retried).');
  const duration = metrics.histogram('nexus_message_duration_seconds', 'Handling of one message, by type.');
  const age = metrics.histogram('nexus_message_age_seconds', 'From the acceptance of a request to the end of its message, by type.');

  /** @param handle says whether the message was done or given up; throws for another try */
  return async ({ event, seq, messageId, deliveryAttempt }: ReceivedEvent, handle: () => Promise<MessageOutcome>): Promise<void> => {
    const startedMs = performance.now();
    const parent = parseTraceparent(event.traceparent);
    const trace = nextTrace(parent);
    const told = (outcome: MessageOutcome, code?: string): void => {
      const durationMs = performance.now() - startedMs;
      const ageSeconds = Math.max(0, nowMs() / 1000 - seq / microsecondsPerSecond);
      const { type } = event;
      count(1, { type, outcome });
      duration(durationMs / 1000, { type });
      if (outcome !== 'retried') age(ageSeconds, { type });
      log.info('message', {
        message_id: messageId,
        trace_id: trace.traceId,
        type,
        id: event.id,
        ...whoOf(event),
        outcome,
        ...(code === undefined ? {} : { code }),
        attempt: deliveryAttempt,
        duration_ms: Math.round(durationMs * 1000) / 1000,
        age_ms: Math.round(ageSeconds * 1000),
      });
      spans?.ended({
        ...{ trace, parent, name: `process ${type}`, kind: 'consumer', durationMs, failed: outcome !== 'done' },
        attributes: {
          'messaging.operation.type': 'process',
          'messaging.message.id': messageId,
          ...(code === undefined ? {} : { 'error.type': code }),
          ...named('nexus', { ...whoOf(event), event_id: event.id, outcome, attempt: deliveryAttempt, age_ms: Math.round(ageSeconds * 1000) }),
        },
      });
    };
    try {
      told(await handle());
    } catch (error) {
      told('retried', asNexusError(error).code);
      throw error;
    }
  };
};
