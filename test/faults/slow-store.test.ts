import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { isRead, isWrite, noFaults } from '../fakes/object-store/faults.ts';
import { type OnObjects, startOnObjects } from './on-objects.ts';

/** The object store is slow, or says that it is asked too often: for a while, for reads or for writes alone. */

vi.setConfig({ testTimeout: 180_000 });

let place: OnObjects;
beforeAll(async () => {
  place = await startOnObjects();
  await place.runner.ingest('slow', { documents: [{ id: 'there', text: 'words that are there before' }] });
});
beforeEach(() => {
  place.door.faults = noFaults;
});
afterAll(async () => {
  place.door.faults = noFaults;
  await place.stop();
});

const queryWithin = (ms: number) =>
  place.runner.call('POST', '/nexus/spaces/slow/query', { query: 'words', mode: 'text' }, { headers: { 'x-nexus-timeout-ms': String(ms) } });
const ingest = (id: string, headers: Record<string, string> = {}) =>
  place.runner.call('POST', '/nexus/spaces/slow/ingest', { documents: [{ id, text: `words of ${id}` }] }, { headers: { 'idempotency-key': id, ...headers } });
/** The same request until it is accepted. @returns the task */
const accepted = async (id: string): Promise<string> => {
  for (;;) {
    const { status, body } = await ingest(id);
    if (status === 202) return body.task_id;
    expect([503, 504]).toContain(status);
  }
};
const nobodyIsLeft = () => expect.poll(() => place.runner.services.admission.work.running(), { timeout: 60_000 }).toBe(0);

describe('while every read takes longer than the caller has', () => {
  beforeEach(() => {
    place.door.faults = { ...noFaults, rate: 1, kinds: ['slow'], slowMs: 20_000, on: isRead };
  });

  test('a query is answered 504, and its place is free again when the store has answered', async () => {
    const { status, body } = await queryWithin(300);
    expect([status, body.error.code, body.error.retryable]).toEqual([504, 'nexus.timeout', true]);
    place.door.faults = noFaults;
    await nobodyIsLeft();
    expect(await place.found('slow')).toContain('there');
  });

  test('liveness is told at once: the process is well', async () => {
    expect((await fetch(`${place.runner.origin}/health`)).status).toBe(200);
  });
});

test('an ingest whose writes take too long is answered 504, and what its caller tries again under its key is there once', { timeout: 300_000 }, async () => {
  place.door.faults = { ...noFaults, rate: 1, kinds: ['slow'], slowMs: 8_000, on: isWrite };
  const { status, body } = await ingest('patient', { 'x-nexus-timeout-ms': '200' });
  expect([status, body.error.code]).toEqual([504, 'nexus.timeout']);
  place.door.faults = noFaults;
  await nobodyIsLeft();
  const task = await accepted('patient');
  expect(await place.ended(task)).toMatchObject({ status: 'succeeded' });
  expect(await accepted('patient')).toBe(task);
  expect((await place.found('slow')).filter((id) => id === 'patient')).toHaveLength(1);
});

describe.each([
  ['reads', isRead],
  ['writes', isWrite],
] as const)('while %s are throttled', (name, on) => {
  test('every other time, requests are answered all the same', { timeout: 300_000 }, async () => {
    place.door.faults = { ...noFaults, rate: 0.4, kinds: ['throttled', 'unavailable'], on };
    const task = await accepted(`some-${name}`);
    expect(await place.ended(task)).toMatchObject({ status: 'succeeded' });
    place.door.faults = noFaults;
    expect(await place.found('slow')).toContain(`some-${name}`);
  });

  test('always, they are refused with 503 and a time to try again, and nothing of them is accepted', { timeout: 300_000 }, async () => {
    place.door.faults = { ...noFaults, rate: 1, kinds: ['throttled'], on };
    const refused = await (on === isRead ? queryWithin(30_000) : ingest('refused'));
    expect([refused.status, refused.body.error.code]).toEqual([503, 'nexus.upstream_unavailable']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    place.door.faults = noFaults;
    expect(await place.found('slow')).not.toContain('refused');
  });
});

test('what was accepted before every write was throttled is done when that is over', { timeout: 300_000 }, async () => {
  const { body } = await ingest('before');
  place.door.log.clear();
  place.door.faults = { ...noFaults, rate: 1, kinds: ['throttled'], on: isWrite };
  await expect.poll(() => place.door.log.entries.filter(({ status }) => status === 429).length, { timeout: 60_000 }).toBeGreaterThan(3);
  place.door.faults = noFaults;
  expect(await place.ended(body.task_id)).toMatchObject({ status: 'succeeded' });
  expect(await place.found('slow')).toContain('before');
});
