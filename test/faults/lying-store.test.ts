import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FaultKind, isConditional, noFaults } from '../fakes/object-store/faults.ts';
import { type OnObjects, startOnObjects } from './on-objects.ts';

/** The object store does not tell the truth about conditional writes, on which all agreement rests. */

let place: OnObjects;
beforeAll(async () => {
  place = await startOnObjects();
});
beforeEach(() => {
  place.door.faults = noFaults;
});
afterAll(async () => {
  place.door.faults = noFaults;
  await place.stop();
});

const lie = (kinds: readonly FaultKind[], rate: number): void => {
  place.door.faults = { ...noFaults, rate, kinds, on: isConditional };
};
const write = (space: string, index: number, key: string) =>
  place.runner.call(
    'POST',
    `/nexus/spaces/${space}/ingest`,
    { documents: [{ id: `d${index}`, text: `words of number ${index}` }] },
    { headers: { 'idempotency-key': key } },
  );

describe.each([
  ['that a condition did not hold, although it has written', 'denied', ['deniedAfter']],
  ['that it is away, although it has written', 'failed', ['failedAfter']],
  ['now this and now that', 'mixed', ['deniedAfter', 'failedAfter', 'dropAfter']],
] as const)('a store that says %s', (_, space, kinds) => {
  test('costs no accepted document, writes none twice, and every refusal can be tried again under its key', { timeout: 300_000 }, async () => {
    lie(kinds, 0.3);
    const tasks: string[] = [];
    for (let index = 0; index < 8; index++) {
      for (;;) {
        const answer = await write(space, index, `${space}${index}`);
        expect(['202 undefined', '503 nexus.upstream_unavailable', '503 nexus.overloaded', '504 nexus.timeout']).toContain(
          `${answer.status} ${answer.body.error?.code}`,
        );
        if (answer.status !== 202) continue;
        tasks.push(answer.body.task_id);
        break;
      }
    }
    expect(place.door.log.entries.length).toBeGreaterThan(0);
    place.door.faults = noFaults;
    for (const [index, task] of tasks.entries()) {
      expect(await place.ended(task)).toMatchObject({ status: 'succeeded', counts: { failed: 0 } });
      expect((await write(space, index, `${space}${index}`)).body.task_id, 'the same request is the same task').toBe(task);
    }
    expect(new Set(tasks).size).toBe(8);
    expect(await place.found(space)).toEqual(Array.from({ length: 8 }, (_, index) => `d${index}`));
    const { body } = await place.runner.call('GET', `/nexus/spaces/${space}`);
    expect([body.documents, body.chunks]).toEqual([8, 8]);
  });
});

describe('a store that takes a condition and does not look at it', () => {
  test('is refused with 503 before anything is accepted, and says nothing of itself to the caller', async () => {
    const fresh = await startOnObjects();
    try {
      fresh.door.faults = { ...noFaults, rate: 1, kinds: ['unconditional'], on: isConditional };
      const ingest = () => fresh.runner.call('POST', '/nexus/spaces/s/ingest', { documents: [{ id: 'd', text: 'words' }] });
      const { status, body, headers } = await ingest();
      expect([status, body.error.code, headers.get('retry-after')]).toEqual([503, 'nexus.upstream_unavailable', '60']);
      expect(JSON.stringify(body)).not.toContain('gs://');
      expect(fresh.runner.logged.map(({ fields }) => String(fields?.error ?? ''))).toContainEqual(
        expect.stringContaining('gs://bucket ignores conditions on writes'),
      );
      fresh.door.faults = noFaults;
      expect((await fresh.runner.call('GET', '/nexus/tasks')).body.tasks).toEqual([]);
      const accepted = await ingest();
      expect(await fresh.ended(accepted.body.task_id)).toMatchObject({ status: 'succeeded', counts: { written: 1 } });
      expect(await fresh.found('s')).toEqual(['d']);
    } finally {
      await fresh.stop();
    }
  });
});
