import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Derived, Published } from '../../runner/store/changes.ts';
import { documentOf, keyOf, published, type StoreInstance, settle, storeInstance, submit, write } from '../runner/store-instance.ts';

/** Documents that follow from records beside the space: a number that everybody may raise. */
const startedWith = async (): Promise<{ folder: string; one: StoreInstance; two: StoreInstance }> => {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-derive-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const one = storeInstance(folder, 'one');
  await settle(one, keyOf('s'));
  return { folder, one, two: storeInstance(folder, 'two') };
};
const task = (seq: number): string => `task_${String(seq).padStart(32, '0')}`;

/** Writes the number as a document of so many chunks, later than what is stored. */
const derived = async (stored: Published, chunks: number, seq: number): Promise<Derived> => {
  const [known] = await stored.beginning('sum', 'document');
  const own = Math.max(seq, (known?.seq ?? 0) + 1);
  return {
    documents: [
      { doc_id: 'sum', order: { seq: own, task_id: task(seq) }, rows: documentOf('sum', own, chunks).rows.map((row) => ({ ...row, task_id: task(seq) })) },
    ],
    gone: [],
  };
};
const change = (seq: number, derive: (stored: Published) => Promise<Derived>) => ({ kind: 'derive' as const, seq, task_id: task(seq), epoch: 1, derive });

test('a derivation that began before another was published works everything out again', async () => {
  const { one, two } = await startedWith();
  await submit(one, keyOf('s'), write('other', 1, 1));
  let sum = 1;
  let runs = 0;
  await submit(
    one,
    keyOf('s'),
    change(10, async (stored) => {
      runs += 1;
      const seen = sum;
      if (runs === 1) {
        // While it works on what it has seen, another process that took its lease for dead raises the number and publishes.
        sum += 1;
        const head = await two.places.space(keyOf('s')).records.head.read();
        await two.places.space(keyOf('s')).records.head.write(head, { ...(head?.value as NonNullable<typeof head>['value']) });
      }
      return derived(stored, seen, 10);
    }),
  );
  expect(runs).toBe(2);
  expect((await published(one, keyOf('s'))).sum).toMatch(/× 2$/);
});

test('a request accepted before another and carried out after it does not bring back what was true before', async () => {
  const { one } = await startedWith();
  await submit(
    one,
    keyOf('s'),
    change(20, (stored) => derived(stored, 1, 20)),
  );
  await submit(
    one,
    keyOf('s'),
    change(10, (stored) => derived(stored, 3, 10)),
  );
  expect(await published(one, keyOf('s'))).toEqual({ sum: '21 × 3' });
});

test('what no longer follows goes, and may come back without having been accepted later', async () => {
  const { one } = await startedWith();
  await submit(
    one,
    keyOf('s'),
    change(20, (stored) => derived(stored, 1, 20)),
  );
  await submit(
    one,
    keyOf('s'),
    change(12, async (stored) => ({ documents: [], gone: await stored.beginning('sum', 'document') })),
  );
  expect(await published(one, keyOf('s'))).toEqual({});
  await submit(
    one,
    keyOf('s'),
    change(11, (stored) => derived(stored, 2, 20)),
  );
  expect(await published(one, keyOf('s'))).toEqual({ sum: '20 × 2' });
});

test('derivations and writes that wait together all take effect', async () => {
  const { one } = await startedWith();
  await Promise.all([
    submit(one, keyOf('s'), write('a', 1, 1)),
    submit(
      one,
      keyOf('s'),
      change(2, (stored) => derived(stored, 1, 2)),
    ),
    submit(one, keyOf('s'), write('b', 3, 2)),
    submit(
      one,
      keyOf('s'),
      change(4, (stored) => derived(stored, 4, 4)),
    ),
    submit(one, keyOf('s'), write('c', 5, 1)),
  ]);
  expect(await published(one, keyOf('s'))).toEqual({ a: '1 × 1', b: '3 × 2', c: '5 × 1', sum: '4 × 4' });
});

test('a derivation of an earlier life of the space is not even begun', async () => {
  const { one } = await startedWith();
  const { settings } = one.places.space(keyOf('s')).records;
  const entry = await settings.read();
  await settings.write(entry, { ...(entry?.value as NonNullable<typeof entry>['value']), epoch: 2 });
  let ran = false;
  const result = await submit(
    one,
    keyOf('s'),
    change(1, async (stored) => {
      ran = true;
      return derived(stored, 1, 1);
    }),
  );
  expect([ran, result.written]).toEqual([false, 0]);
});
