import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { NexusError } from '../../shared/errors.ts';
import { sealGrant } from '../../shared/grant.ts';
import { caller, grantSecret, type RunningRunner, startRunner } from '../runner/running-runner.ts';
import { keyOf, published, settle, storeInstance, submit, write } from '../runner/store-instance.ts';

/** The time of day jumps: hours ahead, hours back, or is another on each of two machines. */

vi.setConfig({ testTimeout: 180_000 });

const hourMs = 3_600_000;
const ahead = 5 * hourMs;
const back = -5 * hourMs;

let folder: string;
let runner: RunningRunner;
let offsetMs = 0;
const nowMs = (): number => Date.now() + offsetMs;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nexus-clock-'));
  runner = await startRunner({ folder, nowMs });
});
afterEach(() => {
  offsetMs = 0;
});
afterAll(async () => {
  await runner.stop();
  rmSync(folder, { recursive: true, force: true });
});

const query = (space: string, body: Record<string, unknown>) => runner.call('POST', `/nexus/spaces/${space}/query`, { mode: 'text', query: 'words', ...body });
const textOf = async (space: string): Promise<string[]> => (await query(space, { limit: 50 })).body.hits.map(({ text }: { text: string }) => text).sort();

describe.each([
  ['hours ahead', 'ahead', ahead],
  ['hours back', 'back', back],
])('after a jump of %s', (_, space, jump) => {
  const ingest = (text: string) => runner.ingest(space, { documents: [{ id: 'd', text: `words ${text}` }] });

  test('what was accepted later still wins, in both directions of the jump', async () => {
    await ingest('of before');
    offsetMs = jump;
    expect(await ingest('of meanwhile')).toMatchObject({ status: 'succeeded', counts: { written: 1, superseded: 0 } });
    expect(await textOf(space)).toEqual(['words of meanwhile']);
    offsetMs = 0;
    expect(await ingest('of after')).toMatchObject({ status: 'succeeded', counts: { written: 1, superseded: 0 } });
    expect(await textOf(space)).toEqual(['words of after']);
  });

  test('a deletion removes what was there, and a later document is not kept out by it', async () => {
    await ingest('of before');
    offsetMs = jump;
    const { body } = await runner.call('DELETE', `/nexus/spaces/${space}/documents/d`);
    expect((await query(space, { after_task: body.task_id })).body.hits).toEqual([]);
    offsetMs = 0;
    await ingest('of after');
    expect(await textOf(space)).toEqual(['words of after']);
  });

  test('a query that waits for a task waits as long as it says, and sees it', async () => {
    const { verifyPush, blobsAt } = runner.services;
    runner.services.verifyPush = async () => {
      throw new NexusError('nexus.overloaded', 'The worker takes nothing just now.');
    };
    const { body } = await runner.call('POST', `/nexus/spaces/${space}/ingest`, { documents: [{ id: 'w', text: 'words to wait for' }] });
    const reads = vi.spyOn(blobsAt(join(folder, 'blobs')), 'getBytes');
    const waiting = query(space, { after_task: body.task_id, limit: 50 });
    await vi.waitFor(() => expect(reads).toHaveBeenCalled());
    offsetMs = jump;
    runner.services.verifyPush = verifyPush;
    expect((await waiting).body.hits?.map(({ doc_id }: { doc_id: string }) => doc_id)).toContain('w');
    reads.mockRestore();
  });

  test('readiness and liveness are told anew', async () => {
    expect((await fetch(`${runner.origin}/ready`)).status).toBe(200);
    offsetMs = jump;
    expect(await (await fetch(`${runner.origin}/ready`)).json()).toEqual({ ready: true, problems: [] });
  });

  test('a request under an Idempotency-Key is still the same request', async () => {
    const send = () =>
      runner.call('POST', `/nexus/spaces/${space}/ingest`, { documents: [{ id: 'k', text: 'words' }] }, { headers: { 'idempotency-key': `k-${space}` } });
    const first = await send();
    offsetMs = jump;
    expect((await send()).body.task_id).toBe(first.body.task_id);
  });
});

describe('what is signed for a time', () => {
  const pageOf = async (space: string): Promise<string> => {
    await runner.ingest(space, { documents: ['a', 'b', 'c'].map((id) => ({ id, text: 'words' })) });
    return (await query(space, { limit: 1 })).body.next_cursor;
  };

  test('a cursor ends with its hour, and one of before a jump back goes on', async () => {
    const cursor = await pageOf('cursors');
    offsetMs = ahead;
    const { status, body } = await query('cursors', { limit: 1, cursor });
    expect([status, body.error.code]).toEqual([410, 'nexus.cursor_invalid']);
    offsetMs = back;
    expect((await query('cursors', { limit: 1, cursor })).body.hits).toHaveLength(1);
  });

  test('a grant of an edge whose clock is hours behind is refused', async () => {
    const seen = { method: 'POST', path: '/nexus/spaces/cursors/query', query: '', request_id: 'req_test', routes: ['store', 'blobs'] };
    const grant = await sealGrant({ context: caller(), ...seen }, grantSecret, Date.now());
    offsetMs = ahead;
    const { status, body } = await runner.call('POST', seen.path, { query: 'words' }, { grant });
    expect([status, body.error.code]).toEqual([401, 'auth.unauthenticated']);
  });
});

describe('two machines whose clocks are hours apart', () => {
  test('write to one space in turn, and every document is there once', { timeout: 300_000 }, async () => {
    const root = mkdtempSync(join(tmpdir(), 'nexus-clocks-'));
    try {
      const [right, wrong, idle] = [storeInstance(root, 'right'), storeInstance(root, 'wrong', () => Date.now() + 30 * hourMs), storeInstance(root, 'idle')];
      const key = keyOf('apart');
      await settle(right, key);
      await submit(right, key, write('first', 1, 1));
      // From here on it looks for what follows the publication that it has seen, and that must not be gone.
      expect(await published(idle, key)).toEqual({ first: '1 × 1' });
      for (let seq = 2; seq <= 63; seq++) await submit(right, key, write('right', seq, 1));
      // The 64th publication removes what was superseded long ago, as its writer sees it.
      for (let seq = 64; seq <= 66; seq++) await submit(wrong, key, write('wrong', seq, 1));
      await submit(idle, key, write('idle', 67, 1));
      const all = { first: '1 × 1', right: '63 × 1', wrong: '66 × 1', idle: '67 × 1' };
      for (const instance of [right, wrong, idle, storeInstance(root, 'new')]) expect(await published(instance, key)).toEqual(all);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  test('a writer that died holding the lease, hours ahead, blocks its space for seconds only', { timeout: 300_000 }, async () => {
    const root = mkdtempSync(join(tmpdir(), 'nexus-clocks-'));
    try {
      const living = storeInstance(root, 'living');
      const key = keyOf('held');
      await settle(living, key);
      const { lease } = living.places.space(key).records;
      await lease.write(undefined, { space: 't_a/dev/p/s/held', holder: 'dead', until: Date.now() + 5 * hourMs, released: false });
      await submit(living, key, write('a', 1, 1));
      expect(await published(living, key)).toEqual({ a: '1 × 1' });
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});
