import { expect, test } from 'vitest';
import { firstPublishTime, pushSchema, seqOf } from '../../shared/events.ts';
import { parseMicros } from '../../shared/time.ts';

const first = '2026-05-01T10:00:00.123Z';
const later = '2026-05-02T10:00:00Z';
const firstTime = 'CloudPubSubDeadLetterSourceTopicPublishTime';

const push = (publishTime: string, attributes: Record<string, string> = {}) =>
  pushSchema.parse({ message: { data: '', messageId: '1', publishTime, attributes }, subscription: 's' });

test('a message’s place in the order is its publish time, in microseconds', () => {
  expect(seqOf(push('2026-05-01T10:00:00.123456Z'))).toBe((parseMicros(first) as number) + 456);
});

test('a dead letter, and its replay from there, keep the place that the request had first', () => {
  expect(seqOf(push(later, { [firstTime]: first }))).toBe(parseMicros(first));
});

test('a replay that becomes a dead letter again keeps it too, though Pub/Sub then says when the replay was published', () => {
  expect(seqOf(push('2026-05-03T10:00:00Z', { [firstPublishTime]: first, [firstTime]: later }))).toBe(parseMicros(first));
});

test('an attribute that is no time changes nothing', () => {
  for (const name of [firstTime, firstPublishTime]) expect(seqOf(push(later, { [name]: 'yesterday' }))).toBe(parseMicros(later));
});
