import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { complementTaskId, newId, requestIdPattern, taskIdPattern, taskIdTimeMs } from '../../shared/ids.ts';
import { limits } from '../../shared/limits.ts';
import { runs } from '../scale.ts';

const anyTimeMs = (): fc.Arbitrary<number> => fc.integer({ min: 0, max: 2 ** 48 - 1 });

describe('ids', () => {
  test('sort as text by the time of their making', () => {
    fc.assert(
      fc.property(anyTimeMs(), anyTimeMs(), (a, b) => {
        fc.pre(a < b);
        expect(newId('task', a) < newId('task', b)).toBe(true);
      }),
      runs(300),
    );
  });

  test('tell their time, whatever fraction the clock had', () => {
    fc.assert(
      fc.property(anyTimeMs(), fc.constantFrom(0, 0.5, 0.75), (at, fraction) => {
        expect(taskIdTimeMs(newId('task', at + fraction))).toBe(at);
      }),
      runs(300),
    );
  });

  test('made in one millisecond are all different', () => {
    expect(new Set(Array.from({ length: 5000 }, () => newId('task', 1))).size).toBe(5000);
  });

  test('say by their beginning what they are of', () => {
    const kinds = ['task', 'request', 'incarnation', 'instance', 'event'] as const;
    const made = kinds.map((kind) => newId(kind, 0).replace(/[0-9a-f]{32}$/, ''));
    expect(made).toEqual(['task_', 'req_', 'inc_', 'run_', 'evt_']);
    expect(taskIdPattern.test(newId('task', Date.now()))).toBe(true);
    expect(taskIdPattern.test(newId('event', Date.now()))).toBe(false);
  });

  test.each([
    '',
    'task_',
    'task_0',
    `task_${'0'.repeat(33)}`,
    `task_${'G'.repeat(32)}`,
    `task_${'A'.repeat(32)}`,
    `task_${'0'.repeat(32)}\n`,
    `../task_${'0'.repeat(32)}`,
  ])('%j is no task id', (id) => {
    expect(taskIdPattern.test(id)).toBe(false);
  });
});

describe('a complemented task id', () => {
  test('is a task id, its own inverse, and lists the newest first', () => {
    fc.assert(
      fc.property(anyTimeMs(), anyTimeMs(), (a, b) => {
        const [first, second] = [newId('task', a), newId('task', b)];
        expect(taskIdPattern.test(complementTaskId(first))).toBe(true);
        expect(complementTaskId(complementTaskId(first))).toBe(first);
        expect(complementTaskId(first) < complementTaskId(second)).toBe(first > second);
      }),
      runs(300),
    );
  });
});

describe('a caller’s request id', () => {
  test.each(['a', 'req-1.2:3_4', 'A'.repeat(limits.requestIdChars)])('%s is taken over', (id) => {
    expect(requestIdPattern.test(id)).toBe(true);
  });

  test.each(['', ' a', 'a b', '-a', 'a\r\nx: y', 'é', 'a"', 'A'.repeat(limits.requestIdChars + 1)])('%j is not', (id) => {
    expect(requestIdPattern.test(id)).toBe(false);
  });
});
