import { expect, test } from 'vitest';
import { pushSchema, seqOf } from '../../shared/events.ts';
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

test('an attribute that is no time changes nothing', () => {
  expect(seqOf(push(later, { [firstTime]: 'yesterday' }))).toBe(parseMicros(later));
});
