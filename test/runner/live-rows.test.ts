import { describe, expect, test } from 'vitest';
import { createLiveRows, type LiveRowsWish } from '../../runner/haze/live-rows.ts';
import type { FieldValue, TableReader } from '../../runner/ports/vector-store.ts';
import type { SpaceKey } from '../../shared/space-key.ts';

const key: SpaceKey = { scope: 'tenant', tenant_id: 't_rows', env: 'dev', project_id: 'p1', surface_id: 'test', space_id: 'notes' };
const pin = { incarnation: 'inc_1', version: 1 };
const MiB = 1024 * 1024;

/** Reads of tables whose rows all have one value, and how many there were. */
const counted = (maxBytes: number, rows: number, value: FieldValue) => {
  const live = createLiveRows(maxBytes);
  let scans = 0;
  const reader = {
    async *scan({ field }: { field?: string }) {
      scans += 1;
      const ids = Array.from({ length: rows }, (_, index) => `d${index}#0`);
      yield { ids, seqs: ids.map(() => 1), ...(field === undefined ? {} : { values: ids.map(() => value) }) };
    },
  } as unknown as TableReader;
  const read = (wish: Partial<LiveRowsWish>, version = pin.version) => live(key, { ...pin, version }, reader, { filter: undefined, field: undefined, ...wish });
  return { read, scans: () => scans };
};

describe("a map's living rows", () => {
  test('what was read of a version is not read again', async () => {
    const { read, scans } = counted(MiB, 100, 'a');
    const first = await read({ field: 'kind' });
    expect(await read({ field: 'kind' })).toBe(first);
    expect([first.size, first.get('d7#0'), scans()]).toEqual([100, { seq: 1, value: 'a' }, 1]);
  });

  test.each([
    ['rows', 20_000, 'a', (_: number) => ({})],
    ['long values', 100, 'v'.repeat(16_384), () => ({ field: 'kind' })],
    ['lists of values', 100, Array.from({ length: 64 }, () => 'v'.repeat(256)), () => ({ field: 'kind' })],
    [
      'long filters that find nothing',
      0,
      'a',
      (version: number) => ({ filter: { doc: { in: Array.from({ length: 1000 }, (_, index) => `d${version}-${index}`.padEnd(256)) } } }),
    ],
  ])('memory is bounded by bytes, whatever fills it: %s', async (_, rows, value, wishOf) => {
    const { read, scans } = counted(4 * MiB, rows, value);
    for (const version of [1, 2, 3]) await read(wishOf(version), version);
    await read(wishOf(3), 3);
    expect(scans()).toBe(3);
    for (let version = 4; version < 12; version++) await read(wishOf(version), version);
    await read(wishOf(1), 1);
    expect(scans()).toBe(12);
  });

  test('many answers without rows weigh something too', async () => {
    const { read, scans } = counted(MiB, 0, 'a');
    for (let version = 0; version < 3_000; version++) await read({}, version);
    await read({}, 2_999);
    expect(scans()).toBe(3_000);
    await read({}, 0);
    expect(scans()).toBe(3_001);
  });
});
