import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TableShape } from '../../runner/ports/vector-store.ts';
import type { Change } from '../../runner/store/changes.ts';
import { commit } from '../../runner/store/commit.ts';
import { SpaceBusyError } from '../../runner/store/commit-queue.ts';
import { ConflictError } from '../../runner/store/conflict.ts';
import { takeLease } from '../../runner/store/lease.ts';
import { parseFilter } from '../../shared/filter.ts';
import type { SpaceKey } from '../../shared/space-key.ts';
import { runs, scaled } from '../scale.ts';
import { contentAt, documentOf, keyOf, published, remove, type StoreInstance, settle, storeInstance, submit, write } from './store-instance.ts';

let folder: string;
let one: StoreInstance;
let other: StoreInstance;
let spaces = 0;
/** A space of the test's own, settled. */
const newSpace = async (): Promise<SpaceKey> => {
  const key = keyOf(`space${spaces++}`);
  await settle(one, key);
  return key;
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nexus-commit-'));
  one = storeInstance(folder, 'one');
  other = storeInstance(folder, 'other');
});
afterAll(async () => {
  await Promise.all([one.queue.drained(), other.queue.drained()]);
  rmSync(folder, { recursive: true, force: true });
});

const headOf = async ({ door }: StoreInstance, key: SpaceKey) => (await door.head(key)) ?? expect.unreachable('something is published');
const tableOf = (key: SpaceKey) => one.places.space(key).table;
const shape: TableShape = { dimension: 2, metric: 'cosine', language: 'en', fields: {} };

interface Planned {
  doc: string;
  chunks: number;
}
/** Requests in their order of acceptance: the place is the seq. A document of no chunks is a deletion. */
const anyRequests = (most: number): fc.Arbitrary<Planned[]> =>
  fc.array(fc.record({ doc: fc.constantFrom('a', 'b', 'c'), chunks: fc.integer({ min: 0, max: 4 }) }), { minLength: 1, maxLength: most });
const changesOf = (requests: readonly Planned[]): Change[] =>
  requests.map(({ doc, chunks }, index) => (chunks === 0 ? remove(doc, index + 1) : write(doc, index + 1, chunks)));
/** What holds in the end: for each document the last request. */
const outcomeOf = (requests: readonly Planned[]): Record<string, string> => {
  const last = new Map(requests.map(({ doc, chunks }, index) => [doc, { seq: index + 1, chunks }]));
  return Object.fromEntries([...last].filter(([, { chunks }]) => chunks > 0).map(([doc, { seq, chunks }]) => [doc, `${seq} × ${chunks}`]));
};

describe('the order of acceptance decides', () => {
  test('in whatever order, however often and in whatever batches requests arrive', async () => {
    const arrivals = anyRequests(8).chain((requests) => {
      const all = changesOf(requests);
      return fc.record({
        requests: fc.constant(requests),
        arriving: fc.tuple(fc.shuffledSubarray(all, { minLength: all.length }), fc.subarray(all)).map(([first, again]) => [...first, ...again]),
        together: fc.integer({ min: 1, max: 4 }),
      });
    });
    await fc.assert(
      fc.asyncProperty(arrivals, async ({ requests, arriving, together }) => {
        const key = await newSpace();
        for (let at = 0; at < arriving.length; at += together) {
          await Promise.all(arriving.slice(at, at + together).map((change) => one.queue.submit(key, change)));
        }
        expect(await published(one, key)).toEqual(outcomeOf(requests));
        expect(await published(other, key)).toEqual(outcomeOf(requests));
      }),
      { ...runs(12), endOnFailure: true },
    );
  });

  test('a document of fewer chunks leaves none of the earlier ones, one of more has them all', async () => {
    const key = await newSpace();
    for (const [seq, chunks] of [1, 5, 2, 9, 1].entries()) {
      await one.queue.submit(key, write('a', seq + 1, chunks));
      expect(await published(one, key)).toEqual({ a: `${seq + 1} × ${chunks}` });
    }
  });

  test('a request that comes too late is told that it is superseded, and makes no version', async () => {
    const key = await newSpace();
    const first = await one.queue.submit(key, write('a', 5, 2));
    expect(first).toMatchObject({ written: 1, superseded: 0 });
    expect(await one.queue.submit(key, write('a', 3, 4))).toEqual({ version: first.version, written: 0, superseded: 1 });
    expect(await one.queue.submit(key, write('a', 5, 2))).toEqual({ version: first.version, written: 1, superseded: 0 });
    expect((await headOf(one, key)).version).toBe(first.version);
  });

  test('what was deleted is kept out for requests accepted before, and comes back with one accepted after', async () => {
    const key = await newSpace();
    await one.queue.submit(key, write('a', 2, 1));
    await one.queue.submit(key, remove('a', 5));
    for (const seq of [1, 2, 4]) expect(await other.queue.submit(key, write('a', seq, 1))).toMatchObject({ written: 0, superseded: 1 });
    expect(await published(one, key)).toEqual({});
    await other.queue.submit(key, write('a', 6, 3));
    expect(await published(one, key)).toEqual({ a: '6 × 3' });
  });

  test('a deletion of what is not there yet keeps out what arrives later', async () => {
    const key = await newSpace();
    await one.queue.submit(key, remove('a', 5));
    await one.queue.submit(key, write('a', 3, 2));
    expect(await published(one, key)).toEqual({});
  });
});

describe('a writer that crashed', () => {
  /** What each death leaves in the table behind the published version. */
  const deaths: Record<string, (key: SpaceKey) => Promise<void>> = {
    'after removing old chunks': async (key) => {
      await (await one.store.writer(tableOf(key)))?.deleteDocuments(['a']);
    },
    'after adding columns': async (key) => {
      await (await one.store.writer(tableOf(key)))?.addFields({ later: 'string' });
    },
    'after everything but publication': async (key) => {
      const writer = await one.store.writer(tableOf(key));
      await writer?.deleteDocuments(['a']);
      await writer?.append(documentOf('a', 2, 3).rows, shape);
      await writer?.append(documentOf('ghost', 3, 1).rows, shape);
    },
    'after clearing the table': async (key) => {
      await (await one.store.writer(tableOf(key)))?.clear(shape);
    },
    'after beginning the table anew': async (key) => {
      await one.store.create(tableOf(key), shape, documentOf('ghost', 3, 1).rows);
    },
  };

  test.each(Object.entries(deaths))('%s, is not seen by readers, and the next commit takes it back', async (_, die) => {
    const key = await newSpace();
    await one.queue.submit(key, { ...write('a', 1, 2), documents: [documentOf('a', 1, 2), documentOf('b', 1, 1)] } as Change);
    const before = await headOf(one, key);
    await die(key);
    for (const instance of [one, other]) expect(await published(instance, key)).toEqual({ a: '1 × 2', b: '1 × 1' });

    await other.queue.submit(key, write('c', 9, 1));
    for (const instance of [one, other]) expect(await published(instance, key)).toEqual({ a: '1 × 2', b: '1 × 1', c: '9 × 1' });
    expect(await contentAt(one, key, before)).toEqual({ a: '1 × 2', b: '1 × 1' });
    expect((await headOf(one, key)).version).toBeGreaterThan(before.version);
  });

  test('before the first publication leaves nothing: the next commit begins the space', async () => {
    const key = await newSpace();
    await one.store.create(tableOf(key), shape, documentOf('ghost', 1, 3).rows);
    expect(await published(other, key)).toEqual({});
    await other.queue.submit(key, write('a', 2, 2));
    expect(await published(one, key)).toEqual({ a: '2 × 2' });
  });

  test('holding the lease blocks the space only until that has ended', async () => {
    const clock = { ms: Date.now() };
    const [dead, living] = [storeInstance(folder, 'dead', () => clock.ms), storeInstance(folder, 'living', () => clock.ms)];
    const key = await newSpace();
    const { records } = dead.places.space(key);
    await records.lease.write(undefined, { space: `t_a/dev/p/s/${key.space_id}`, holder: 'dead', until: clock.ms + 10_000, released: false });
    const lease = () => takeLease(living.places.space(key).records, 'living', () => clock.ms);
    expect(await lease()).toBeUndefined();
    clock.ms += 10_000;
    expect(await lease()).toBeUndefined();
    clock.ms += 2_001;
    const taken = await lease();
    expect(taken).toBeDefined();
    await taken?.release();
  });
});

describe('two processes', () => {
  test('writing at once through their queues lose, double and tear nothing, and readers see whole versions only', async () => {
    const key = await newSpace();
    const requests: Planned[] = Array.from({ length: scaled(40) }, (_, index) => ({ doc: 'abcde'[(index * 3) % 5] ?? '', chunks: (index * 7) % 6 }));
    const all = changesOf(requests);
    const versions = new Set<number>();
    let done = false;
    const watching = (async () => {
      while (!done) {
        // A head that is not there, or not new, may be seen without waiting: the writers must have their turn.
        await setImmediate();
        const head = await other.door.head(key);
        if (head === undefined || versions.has(head.version)) continue;
        versions.add(head.version);
        await contentAt(other, key, head);
      }
    })();
    await Promise.all(all.map((change, index) => submit(index % 2 === 0 ? one : other, key, change))).finally(() => {
      done = true;
    });
    await watching;
    for (const instance of [one, other, storeInstance(folder, 'third')]) expect(await published(instance, key)).toEqual(outcomeOf(requests));
  });

  test('that both believe to hold the lease are kept apart by publication: nothing is lost, doubled or torn', async () => {
    const key = await newSpace();
    const instances = [one, other, storeInstance(folder, 'third')];
    /** Commits without any lease, again and again, as a delivered event would. */
    const commitAnyhow = async ({ places, store, nowMs }: StoreInstance, change: Change): Promise<void> => {
      for (let failures = 0; ; failures++) {
        try {
          await commit({ store, nowMs }, places.space(key), [change]);
          return;
        } catch (error) {
          const isConflict = error instanceof ConflictError || /conflict|not found|already exists/i.test(String(error));
          if (!isConflict || failures === 200) throw error;
        }
      }
    };
    const requests: Planned[] = Array.from({ length: scaled(18) }, (_, index) => ({ doc: 'abcd'[index % 4] ?? '', chunks: (index * 7) % 5 }));
    const all = changesOf(requests);
    await Promise.all(
      instances.map(async (instance, index) => {
        for (const change of all.filter((_, at) => at % instances.length === index)) await commitAnyhow(instance, change);
      }),
    );
    for (const instance of instances) expect(await published(instance, key)).toEqual(outcomeOf(requests));
  });

  test('of which one keeps the lease: the other gives up after a while and says that the space is busy', async () => {
    const key = await newSpace();
    // The clock runs fast: the wait is over in a moment.
    const startMs = Date.now();
    const hasty = storeInstance(folder, 'hasty', () => startMs + (Date.now() - startMs) * 50);
    const { records } = hasty.places.space(key);
    await records.lease.write(undefined, { space: `t_a/dev/p/s/${key.space_id}`, holder: 'other', until: startMs + 3_600_000, released: false });
    await expect(hasty.queue.submit(key, write('a', 1, 1))).rejects.toBeInstanceOf(SpaceBusyError);
    expect(await published(one, key)).toEqual({});
  });
});

describe('group commit', () => {
  test('two hundred changes at once make at most twenty versions', async () => {
    const key = await newSpace();
    const results = await Promise.all(Array.from({ length: 200 }, (_, index) => one.queue.submit(key, write(`d${index}`, index + 1, 1))));
    const { version } = await headOf(one, key);
    expect(version).toBeLessThanOrEqual(20);
    expect(results.every((result) => result.written === 1 && (result.version ?? 0) <= version)).toBe(true);
    expect(Object.keys(await published(one, key))).toHaveLength(200);
  });

  test('a change that cannot be written fails alone', async () => {
    const key = await newSpace();
    await one.queue.submit(key, write('first', 1, 1));
    const broken = write('broken', 3, 1);
    if (broken.kind === 'write') for (const { rows } of broken.documents) for (const row of rows) row.vector = Float32Array.of(1, 2, 3);
    const results = await Promise.allSettled([write('a', 2, 1), broken, write('b', 4, 1)].map((change) => one.queue.submit(key, change)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(Object.keys(await published(one, key)).sort()).toEqual(['a', 'b', 'first']);
  });

  test('other work under the lease waits its turn, and its failure is its own', async () => {
    const key = await newSpace();
    const order: string[] = [];
    const results = await Promise.allSettled([
      one.queue.submit(key, write('a', 1, 1)).then(() => order.push('written')),
      one.queue.withLease(key, async () => {
        order.push('errand');
        throw new Error('the errand failed');
      }),
      one.queue.withLease(key, async () => 'done'),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(order).toEqual(['written', 'errand']);
    await one.queue.submit(key, write('b', 2, 1));
    expect(Object.keys(await published(one, key)).sort()).toEqual(['a', 'b']);
  });

  test('fields that come later get their columns; rows of before are without them', async () => {
    const key = await newSpace();
    await one.queue.submit(key, write('a', 1, 1));
    await settle(one, key, { color: 'string', 'color.dark': 'string', n: 'number', on: 'boolean', tags: 'string[]', when: 'time' });
    await one.queue.submit(key, write('b', 2, 1, { color: 'red', 'color.dark': 'brown', n: 1.5, on: true, tags: ['x', 'y'], when: 1_000_000 }));
    await other.queue.submit(key, write('c', 3, 1, { n: 2 }));
    const head = await headOf(other, key);
    const reader = await other.door.reader(key, head, head);
    const found = async (filter: unknown): Promise<string[]> => (await reader.documents(undefined, 10, parseFilter(filter))).map(({ doc_id }) => doc_id);
    const ofB = [{ color: 'red' }, { 'color.dark': 'brown' }, { n: 1.5 }, { on: true }, { tags: { contains: 'y' } }, { when: '1970-01-01T00:00:01Z' }];
    expect(await Promise.all(ofB.map(found))).toEqual(ofB.map(() => ['b']));
    expect(await found({ n: { exists: true } })).toEqual(['b', 'c']);
    expect(await found({ on: { exists: false } })).toEqual(['a', 'c']);
  });
});
