import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { beginAcceptance } from '../../runner/records/idempotency.ts';
import { newId } from '../../shared/ids.ts';
import { limits } from '../../shared/limits.ts';
import type { Area } from '../../shared/space-key.ts';
import { memoryBlobs } from './memory-blobs.ts';
import { type RunningRunner, startRunner } from './running-runner.ts';

const area: Area = { tenant_id: 't_a', env: 'dev', project_id: 'p', surface_id: 's' };
const scope = { space: 't_a/dev/p/s/x', endpoint: 'ingest', key: 'k1' };

/** Requests of one caller, on a clock that the test sets. */
const caller = () => {
  const clock = { ms: Date.UTC(2026, 4, 1) };
  const deps = { blobs: memoryBlobs(), nowMs: () => clock.ms, newTaskId: () => newId('task', clock.ms) };
  return { clock, begin: (body: string, over: Partial<typeof scope> = {}, where = area) => beginAcceptance(deps, where, { ...scope, ...over }, body) };
};
const conflict = { code: 'nexus.idempotency_conflict', status: 409 };

describe('a key that was used', () => {
  test('with the same body gives the same task, and says that it is a repeat', async () => {
    const { begin } = caller();
    const first = await begin('body');
    expect(first.repeated).toBe(false);
    await first.accepted();
    for (let i = 0; i < 3; i++) expect(await begin('body')).toMatchObject({ repeated: true, taskId: first.taskId });
  });

  test('with another body is 409, also while the first is under way', async () => {
    const { begin } = caller();
    const first = await begin('body');
    await expect(begin('other')).rejects.toMatchObject(conflict);
    await first.accepted();
    await expect(begin('other')).rejects.toMatchObject(conflict);
  });

  test('for another space, endpoint, key or context is another key', async () => {
    const { begin } = caller();
    const first = await begin('body');
    await first.accepted();
    const others = await Promise.all([
      begin('other', { space: 't_a/dev/p/s/y' }),
      begin('other', { endpoint: 'deleteSpace' }),
      begin('other', { key: 'k2' }),
      begin('other', {}, { ...area, surface_id: 't' }),
      begin('other', {}, { ...area, tenant_id: 't_b' }),
    ]);
    expect(new Set([first, ...others].map(({ taskId }) => taskId)).size).toBe(6);
  });

  test('is free again after its time', async () => {
    const { begin, clock } = caller();
    const first = await begin('body');
    await first.accepted();
    clock.ms += limits.idempotencyTtlMs - 1;
    await expect(begin('other')).rejects.toMatchObject(conflict);
    clock.ms += 1;
    const next = await begin('other');
    expect(next).toMatchObject({ repeated: false });
    expect(next.taskId).not.toBe(first.taskId);
  });
});

describe('a request that did not come to its end', () => {
  test('and was refused is not remembered: the same key takes any body, as a new task', async () => {
    const { begin } = caller();
    const first = await begin('body');
    await first.refused();
    const again = await begin('other');
    expect(again.repeated).toBe(false);
    expect(again.taskId).not.toBe(first.taskId);
    await again.accepted();
    expect(await begin('other')).toMatchObject({ repeated: true, taskId: again.taskId });
  });

  test('and died is finished by the same body, as the same task', async () => {
    const { begin, clock } = caller();
    const died = await begin('body');
    clock.ms += 60 * 60_000;
    const again = await begin('body');
    expect(again).toMatchObject({ repeated: false, taskId: died.taskId });
    await again.accepted();
    expect(await begin('body')).toMatchObject({ repeated: true, taskId: died.taskId });
  });

  test('and died keeps other bodies out only as long as a request can take', async () => {
    const { begin, clock } = caller();
    await begin('body');
    clock.ms += 60_000;
    await expect(begin('other')).rejects.toMatchObject(conflict);
    clock.ms += 10 * 60_000;
    expect(await begin('other')).toMatchObject({ repeated: false });
  });
});

describe('twins at once', () => {
  test('of one body are one task', async () => {
    const { begin } = caller();
    const twins = await Promise.all(Array.from({ length: 10 }, () => begin('body')));
    expect(new Set(twins.map(({ taskId }) => taskId)).size).toBe(1);
    await Promise.all(twins.map((twin) => twin.accepted()));
    expect(await begin('body')).toMatchObject({ repeated: true, taskId: twins[0]?.taskId });
  });

  test('of different bodies: one is taken, the others are 409', async () => {
    const { begin } = caller();
    const results = await Promise.allSettled(Array.from({ length: 10 }, (_, index) => begin(`body ${index}`)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject(conflict);
  });

  test('of which one is refused and one accepted are remembered as accepted, whichever ends first', async () => {
    for (const order of ['refused first', 'accepted first']) {
      const { begin } = caller();
      const [one, other] = [await begin('body'), await begin('body')];
      if (order === 'refused first') await one.refused();
      await other.accepted();
      if (order === 'accepted first') await one.refused();
      expect(await begin('body')).toMatchObject({ repeated: true, taskId: other.taskId });
    }
  });
});

describe('Idempotency-Key on a running runner', () => {
  let runner: RunningRunner;
  beforeAll(async () => {
    runner = await startRunner();
  });
  afterAll(() => runner.stop());

  const ingest = (space: string, key: string, text = 'hello') =>
    runner.call('POST', `/nexus/spaces/${space}/ingest`, { documents: [{ id: 'd', text }] }, { headers: { 'idempotency-key': key } });

  test('the same request is one task, however often it comes; with another body it is 409', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => ingest('once', 'k')));
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(202));
    expect(new Set(answers.map(({ body }) => body.task_id)).size).toBe(1);
    expect(await ingest('once', 'k', 'other')).toMatchObject({ status: 409, body: { error: { code: 'nexus.idempotency_conflict' } } });
    expect((await ingest('elsewhere', 'k', 'other')).status).toBe(202);
  });

  test('a refused request is not remembered', async () => {
    const put = await runner.call('PUT', '/nexus/spaces/typed', { fields: { n: 'number' }, dimension: 2 });
    expect(put.status).toBe(200);
    expect((await ingest('typed', 'k')).status).toBe(409);
    const vector = { documents: [{ id: 'd', vector: [1, 2] }] };
    expect((await runner.call('POST', '/nexus/spaces/typed/ingest', vector, { headers: { 'idempotency-key': 'k' } })).status).toBe(202);
  });

  test('a key that cannot be is 422', async () => {
    expect(await ingest('once', 'a b')).toMatchObject({ status: 422, body: { error: { code: 'nexus.validation_failed' } } });
  });
});
