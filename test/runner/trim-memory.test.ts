import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { trimMemory } from '../../runner/adapters/allocator/trim-memory.ts';

/** Node's own report names the C library where it is glibc. */
const isGlibc = (): boolean => 'glibcVersionRuntime' in (process.report.getReport() as { header: object }).header;

/** 200 MB of small pieces, of which each fortieth stays: glibc can return nothing of that by itself. */
const script = `
  import { setTimeout as sleep } from 'node:timers/promises';
  import koffi from 'koffi';
  import { trimMemory } from './runner/adapters/allocator/trim-memory.ts';
  const libc = koffi.load(null);
  const [malloc, free, memset] = ['void *malloc(size_t)', 'void free(void *)', 'void *memset(void *, int, size_t)'].map((of) => libc.func(of));
  const pieces = Array.from({ length: 20_000 }, () => memset(malloc(10_000), 1, 10_000));
  pieces.forEach((piece, index) => index % 40 > 0 && free(piece));
  const MiB = () => process.memoryUsage.rss() / 2 ** 20;
  const before = MiB();
  await trimMemory(100);
  await sleep(1_000);
  process.stdout.write(JSON.stringify({ before, after: MiB() }));
`;

test('memory that is free between pieces in use goes back to the system, where the allocator can do that', async () => {
  expect(await trimMemory(60_000)).toBe(isGlibc());
  if (!isGlibc()) return;
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
  const { before, after } = JSON.parse(stdout) as { before: number; after: number };
  expect(before - after).toBeGreaterThan(120);
});
