import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fileBlobs } from '../../runner/adapters/file-blobs.ts';
import { type Blobs, StorageUnavailableError } from '../../runner/ports/blobs.ts';
import { DamagedRecordError } from '../../runner/records/json-blob.ts';
import { type Entry, type Register, register } from '../../runner/records/register.ts';
import { runs } from '../scale.ts';
import { memoryBlobs } from './memory-blobs.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const keepMs = 10 * minuteMs;

/** A clock that the test sets. */
const handClock = () => {
  const clock = { ms: Date.UTC(2026, 4, 1), now: () => clock.ms };
  return clock;
};

const numbers = (blobs: Blobs, nowMs: () => number): Register<number> =>
  register({
    blobs,
    folder: 'r',
    nowMs,
    keepMs,
    parse: (json) => {
      if (typeof json !== 'number') throw new Error('not a number');
      return json;
    },
  });

/** Writes one more than there is, however often others come first. @returns how often they did */
const increment = async (one: Register<number>): Promise<number> => {
  for (let lost = 0; ; lost++) {
    const entry = await one.read();
    if (await one.write(entry, (entry?.value ?? 0) + 1)) return lost;
  }
};

describe('many writers at once', () => {
  test('each number has exactly one winner, and no increment is lost, in several instances on one folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nexus-register-'));
    try {
      const instances = Array.from({ length: 4 }, () => numbers(fileBlobs(folder), Date.now));
      const lost = await Promise.all(instances.flatMap((one) => Array.from({ length: 10 }, () => increment(one))));
      expect(await numbers(fileBlobs(folder), Date.now).read()).toEqual({ number: 40, value: 40 });
      expect(Math.max(...lost)).toBeGreaterThan(0);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('an entry that another writer builds on before its own has looked around stands, and its writer is told so', async () => {
    const clock = handClock();
    const blobs = memoryBlobs(clock.now);
    const other = numbers(blobs, clock.now);
    let overtakes = false;
    const slow = numbers(
      {
        ...blobs,
        async putIfAbsent(name, bytes) {
          const written = await blobs.putIfAbsent(name, bytes);
          if (overtakes) await increment(other);
          return written;
        },
      },
      clock.now,
    );
    await increment(slow);
    // Its memory is of another entry, so it looks around after it wrote.
    const entry = await slow.read();
    await increment(other);
    await slow.read();
    const held = await other.read();
    overtakes = true;
    clock.ms += 2 * minuteMs;
    expect(await slow.write(held, (held?.value ?? 0) + 1)).toBe(true);
    expect(entry?.number).toBe(1);
    expect(await numbers(blobs, clock.now).read()).toEqual({ number: 4, value: 4 });
  });

  test('of twenty that saw the same entry, one is told that it wrote, and its value stands', async () => {
    const clock = handClock();
    const blobs = memoryBlobs(clock.now);
    const instances = Array.from({ length: 20 }, () => numbers(blobs, clock.now));
    for (let round = 0; round < 5; round++) {
      const entries = await Promise.all(instances.map((one) => one.read()));
      const won = await Promise.all(instances.map((one, index) => one.write(entries[index], round * 100 + index)));
      expect(won.filter(Boolean)).toHaveLength(1);
      const newest = { number: round + 1, value: round * 100 + won.indexOf(true) };
      expect(await Promise.all(instances.map((one) => one.read()))).toEqual(instances.map(() => newest));
    }
  });
});

type Step =
  | { do: 'sleep'; ms: number }
  | { do: 'read'; by: number }
  /** Reads, and keeps what was read for a write that may come much later. */
  | { do: 'hold'; by: number }
  | { do: 'writeHeld'; by: number }
  | { do: 'increment'; by: number; times: number }
  /** Enough writes, far enough apart, that what was before them is pruned. */
  | { do: 'age'; by: number };

const instanceCount = 3;
const anyStep = (): fc.Arbitrary<Step> => {
  const by = fc.nat({ max: instanceCount - 1 });
  return fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('sleep' as const),
        ms: fc.constantFrom(1, secondMs, 59 * secondMs, 61 * secondMs, 11 * minuteMs, 24 * 60 * minuteMs),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('read' as const), by }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('hold' as const), by }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('writeHeld' as const), by }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('increment' as const), by, times: fc.constantFrom(1, 2, 70) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('age' as const), by }) },
  );
};

/** By how much the clock of each instance is off. */
const anyClocks = fc.array(fc.constantFrom(0, 300 * minuteMs, -300 * minuteMs), { minLength: instanceCount, maxLength: instanceCount });

describe('over any history of sleeping, reading, writing and pruning', () => {
  test('every instance reads the newest value, and only who saw the newest can write, whatever their clocks say', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep(), { maxLength: 30 }), anyClocks, async (steps, apartMs) => {
        const clock = handClock();
        const blobs = memoryBlobs(clock.now);
        const instances = apartMs.map((ms) => numbers(blobs, () => clock.ms + ms));
        const held = new Map<number, Entry<number> | undefined>();
        let newest: Entry<number> | undefined;
        for (const step of steps) {
          if (step.do === 'sleep') {
            clock.ms += step.ms;
            continue;
          }
          const one = instances[step.by] as Register<number>;
          if (step.do === 'read') expect(await one.read()).toEqual(newest);
          else if (step.do === 'hold') held.set(step.by, await one.read());
          else if (step.do === 'writeHeld') {
            if (!held.has(step.by)) continue;
            const after = held.get(step.by);
            const isNewest = after?.number === newest?.number;
            expect(await one.write(after, -1)).toBe(isNewest);
            if (isNewest) newest = { number: (after?.number ?? 0) + 1, value: -1 };
          } else {
            const pauses =
              step.do === 'age' ? [...Array<number>(64).fill(1), keepMs + minuteMs, ...Array<number>(63).fill(1)] : Array<number>(step.times).fill(1);
            for (const pauseMs of pauses) {
              clock.ms += pauseMs;
              expect(await increment(one)).toBe(0);
              newest = { number: (newest?.number ?? 0) + 1, value: (newest?.value ?? 0) + 1 };
            }
          }
        }
        for (const one of instances) expect(await one.read()).toEqual(newest);
      }),
      runs(150),
    );
  });

  test('it is known since when the entry of any kept moment had been current', async () => {
    const ages = fc.array(fc.constantFrom(1, secondMs, minuteMs, 4 * minuteMs, 20 * minuteMs), { minLength: 1, maxLength: 150 });
    await fc.assert(
      fc.asyncProperty(ages, fc.integer({ min: 0, max: 2 * keepMs }), async (gaps, agoMs) => {
        const clock = handClock();
        const one = numbers(memoryBlobs(clock.now), clock.now);
        const written: number[] = [];
        for (const gap of gaps) {
          clock.ms += gap;
          await increment(one);
          written.push(clock.ms);
        }
        const timeMs = clock.ms - agoMs;
        const current = written.filter((at) => at <= timeMs).at(-1);
        const found = await one.currentSince(timeMs);
        // What was superseded longer ago than entries are kept may be forgotten, but is never told wrongly.
        if (agoMs <= keepMs || found !== undefined) expect(found).toBe(current);
      }),
      runs(150),
    );
  });
});

describe('pruning', () => {
  test('removes what was superseded long ago, and keeps what was current within its time', async () => {
    const clock = handClock();
    const blobs = memoryBlobs(clock.now);
    const one = numbers(blobs, clock.now);
    for (let i = 0; i < 64; i++) await increment(one);
    expect(await blobs.list('r')).toHaveLength(64);
    clock.ms += keepMs + minuteMs;
    for (let i = 0; i < 64; i++) await increment(one);
    // The entry that was current when the time began, and everything since.
    expect(await blobs.list('r')).toHaveLength(65);
    expect(await numbers(blobs, clock.now).read()).toEqual({ number: 128, value: 128 });
  });

  test('never makes a reader that slept believe what it saw before', async () => {
    const clock = handClock();
    const blobs = memoryBlobs(clock.now);
    const [sleeper, writer] = [numbers(blobs, clock.now), numbers(blobs, clock.now)];
    await increment(writer);
    expect(await sleeper.read()).toMatchObject({ value: 1 });
    for (let i = 0; i < 3; i++) {
      clock.ms += keepMs + minuteMs;
      for (let n = 0; n < 64; n++) await increment(writer);
    }
    expect(await sleeper.read()).toMatchObject({ value: 193 });
  });
});

describe('a writer that slept between reading and writing', () => {
  test.each(['nothing', 'an entry'])('having seen %s, it writes over nobody, also when the number it would take is free again', async (saw) => {
    const clock = handClock();
    const blobs = memoryBlobs(clock.now);
    const [sleeper, writer] = [numbers(blobs, clock.now), numbers(blobs, clock.now)];
    if (saw === 'an entry') await increment(writer);
    const seen = await sleeper.read();
    for (let i = 0; i < 3; i++) {
      for (let n = 0; n < 64; n++) await increment(writer);
      clock.ms += keepMs + minuteMs;
    }
    const newest = await writer.read();
    expect(await sleeper.write(seen, -1)).toBe(false);
    expect([await sleeper.read(), await numbers(blobs, clock.now).read()]).toEqual([newest, newest]);
  });
});

describe('what an instance remembers', () => {
  test('is what it saw last, as long as that is young enough, and asks nobody', async () => {
    const clock = handClock();
    const blobs = memoryBlobs(clock.now);
    const [one, other] = [numbers(blobs, clock.now), numbers(blobs, clock.now)];
    expect(one.remembered(minuteMs)).toBeUndefined();
    await one.read();
    expect(one.remembered(minuteMs)).toEqual({ entry: undefined });
    await increment(other);
    expect(one.remembered(minuteMs)).toEqual({ entry: undefined });
    await one.read();
    clock.ms += 5 * secondMs;
    expect(one.remembered(5 * secondMs)).toEqual({ entry: { number: 1, value: 1 } });
    clock.ms += 1;
    expect(one.remembered(5 * secondMs)).toBeUndefined();
  });
});

describe('a folder that holds other things', () => {
  test('files that are not records are passed over', async () => {
    const blobs = memoryBlobs();
    const one = numbers(blobs, handClock().now);
    for (const name of ['!first', '999999999999', 'zzz.json', '1.json', '.DS_Store']) await blobs.putBytes(`r/${name}`, new Uint8Array(3));
    expect(await one.read()).toBeUndefined();
    await increment(one);
    expect(await numbers(blobs, handClock().now).read()).toEqual({ number: 1, value: 1 });
  });

  test.each(['', '{', '{"at":1,"value":"text"}', '{"at":1}', '[]', 'null'])(
    'a record that reads %j is damaged, which is not the same as absent',
    async (text) => {
      const blobs = memoryBlobs();
      await increment(numbers(blobs, handClock().now));
      const [name] = await blobs.list('r');
      await blobs.putBytes(`r/${name}`, new TextEncoder().encode(text));
      await expect(numbers(blobs, handClock().now).read()).rejects.toThrow('cannot be read');
    },
  );
});

test('a store that does not answer is not a damaged record', async () => {
  const blobs = memoryBlobs();
  const clock = handClock();
  const one = numbers(blobs, clock.now);
  await one.write(undefined, 1);
  const silent = { ...blobs, getBytes: () => Promise.reject(new StorageUnavailableError('the store does not answer')) };
  const error = await numbers(silent, clock.now)
    .read()
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StorageUnavailableError);
  expect(error).not.toBeInstanceOf(DamagedRecordError);
});
