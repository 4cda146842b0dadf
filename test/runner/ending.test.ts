import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createEnding } from '../../runner/worker/ending.ts';

/** What becomes of pushes when the process is told to end. */

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const handedBack = { code: 'nexus.overloaded', status: 503, retryable: true };

test('until then work is done, and its failure is its own', async () => {
  const ending = createEnding();
  expect(await ending.takeOn(async () => 'done')).toBe('done');
  await expect(ending.takeOn(() => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
});

test('from then on nothing is taken on: it goes back to the spine at once', async () => {
  const ending = createEnding();
  ending.begin();
  const work = vi.fn(async () => undefined);
  await expect(ending.takeOn(work)).rejects.toMatchObject(handedBack);
  expect(work).not.toHaveBeenCalled();
});

test('work that was under way may finish; what has not within six seconds goes back, in time for the process to end within eight', async () => {
  const ending = createEnding();
  const [quick, slow] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const answers = Promise.allSettled([ending.takeOn(() => quick.promise), ending.takeOn(() => slow.promise)]);
  ending.begin();
  await vi.advanceTimersByTimeAsync(5_900);
  quick.resolve('done');
  await vi.advanceTimersByTimeAsync(200);
  expect(await answers).toMatchObject([
    { status: 'fulfilled', value: 'done' },
    { status: 'rejected', reason: handedBack },
  ]);
  slow.resolve('too late for anybody');
});
