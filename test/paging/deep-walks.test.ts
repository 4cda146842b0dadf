import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../shared/limits.ts';
import { type RunningRunner, startRunner } from '../runner/running-runner.ts';
import { anyText, anyVector, documentOf } from './collection.ts';
import { random } from './random.ts';
import { nameOf, walk } from './walk.ts';

const documents = 1_500;
const folder = mkdtempSync(join(tmpdir(), 'nexus-deep-'));
let runner: RunningRunner;

const start = async (): Promise<void> => {
  runner = await startRunner({ folder });
};

const load = async (): Promise<void> => {
  const choice = random(7);
  for (let from = 0; from < documents; from += 500) {
    const body = Array.from({ length: 500 }, (_, index) => {
      const document = documentOf(choice, 'given', `d${from + index}`);
      return { ...document, text: `tango ${document.text}` };
    });
    await runner.ingest('deep', { documents: body });
  }
};

beforeAll(async () => {
  await start();
  await load();
}, 60_000);
afterAll(async () => {
  await runner.stop();
  rmSync(folder, { recursive: true, force: true });
});

const choice = random(11);
const requests: Record<string, Record<string, unknown>> = {
  text: { mode: 'text', query: 'tango' },
  vector: { mode: 'vector', vector: anyVector(choice) },
  hybrid: { mode: 'hybrid', query: `tango ${anyText(choice, 1, 1)}`, vector: anyVector(choice) },
};

describe.each(Object.entries(requests))('a walk in mode %s', (_, asked) => {
  const request = { ...asked, select: [], limit: 70 };

  test('goes exactly 1,000 hits deep and then says that nothing follows', { timeout: 30_000 }, async () => {
    const { hits } = await walk(runner, 'deep', request);
    expect(hits).toHaveLength(limits.windowHits);
  });

  test('gives the same ranking in pages of another size', { timeout: 30_000 }, async () => {
    const [some, more] = await Promise.all([walk(runner, 'deep', request), walk(runner, 'deep', { ...request, limit: 100 })]);
    expect(some.hits).toEqual(more.hits);
  });

  test('goes on where it was after the runner was stopped and started again', { timeout: 30_000 }, async () => {
    const whole = await walk(runner, 'deep', request);
    const first = await runner.call('POST', '/nexus/spaces/deep/query', request);
    await runner.stop();
    await start();
    await runner.ingest('deep', { documents: [documentOf(choice, 'given', 'late')] });
    const rest = await walk(runner, 'deep', request, first.body.next_cursor);
    expect([...first.body.hits, ...rest.hits].map(nameOf)).toEqual(whole.hits.map(nameOf));
    expect(rest.snapshot).toEqual(whole.snapshot);
    await runner.call('DELETE', '/nexus/spaces/deep/documents/late');
  });
});
