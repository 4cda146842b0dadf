import { expect, test } from 'vitest';
import { ExtractError } from '../../runner/extract/extract-error.ts';
import { patientReader } from '../../runner/ingest/patient-reader.ts';
import type { Reader } from '../../runner/ports/reader.ts';
import { limits } from '../../shared/limits.ts';

/** Takes forever over every text but the good ones, and keeps how long it was given. */
const slowReader = (given: number[]): Reader => ({
  async *read(source, _, timeoutMs = 0) {
    given.push(timeoutMs);
    if (!('text' in source) || source.text !== 'good') throw new ExtractError('nexus.timeout', 'late');
    yield { text: source.text, chunks: [] };
  },
});

const outcomeOf = async (reader: Reader, text: string): Promise<string> => {
  try {
    for await (const passages of reader.read({ text }, {})) return passages.text;
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

test('documents that take too long leave less time to the next ones, and a request with any number of them ends in time', async () => {
  const given: number[] = [];
  const reader = patientReader(slowReader(given));
  for (let document = 0; document < 1000; document++) await outcomeOf(reader, 'slow');
  expect(given.slice(0, 3)).toEqual([limits.readingMs, limits.readingMs / 2, limits.readingMs / 4]);
  expect(Math.min(...given)).toBe(limits.readingMsMin);
  expect(given.reduce((sum, timeMs) => sum + timeMs, 0)).toBeLessThan(limits.pushTimeoutMs / 2);
  expect(await outcomeOf(reader, 'good')).toMatch(/request of its own/);
});

test('one late document does not keep the others from being read', async () => {
  const reader = patientReader(slowReader([]));
  expect([await outcomeOf(reader, 'slow'), await outcomeOf(reader, 'good'), await outcomeOf(reader, 'good')]).toEqual(['late', 'good', 'good']);
});
