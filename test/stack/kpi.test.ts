import { describe, expect, test } from 'vitest';
import { commonStack, newTenant } from './common-stack.ts';
import { expectRefusal } from './refusal.ts';

/** Numbers that can be asked, through both tiers. */

const stack = commonStack();
const tenant = newTenant();

const dayMs = 86_400_000;
const rows = Array.from({ length: 90 }, (_, day) => ({
  at: new Date(Date.UTC(2026, 0, 1) + day * dayMs).toISOString(),
  value: day === 45 ? 5 : 100 + 10 * (day % 7),
}));
const rides = { metric: 'rides', title: 'Taxi rides', unit: 'rides', good: 'up', aggregate: 'sum' };

describe('measurements through the edge', () => {
  test('become facts that the ordinary query finds, with and without filters', async () => {
    const token = await stack.token({ tenant });
    const accepted = await stack.call('POST', '/nexus/spaces/city/kpi', { token, body: { metrics: [{ ...rides, measurements: rows }] } });
    expect(accepted.status).toBe(202);
    expect(accepted.headers.location).toBe(`/nexus/tasks/${accepted.body.task_id}`);
    const task = await stack.waitForTask(token, accepted.body.task_id);
    expect(task).toMatchObject({ kind: 'kpi', status: 'succeeded', space_id: 'city' });

    const ask = async (body: object) => (await stack.call('POST', '/nexus/spaces/city/query', { token, body })).body.hits;
    expect((await ask({ query: 'worst day for taxi rides', limit: 1 }))[0]).toMatchObject({
      doc_id: 'kpi:rides::record:2026-02-15',
      type: 'kpi',
      metadata: { value: 5, kind: 'record', is_good: false },
    });
    expect((await ask({ query: 'What happened to taxi rides in January?', limit: 1 }))[0].doc_id).toBe('kpi:rides::level:2026-01');
    const anomalies = await ask({ query: 'rides', filter: { kind: 'anomaly', metric: 'rides' } });
    expect(anomalies.map(({ doc_id }: { doc_id: string }) => doc_id)).toEqual(['kpi:rides::anomaly:2026-02-15']);
  });

  test('come as an uploaded file, and a body larger than the edge reads streams through', async () => {
    const token = await stack.token({ tenant });
    await stack.call('PUT', '/nexus/spaces/files/blobs/rides.csv', {
      token,
      body: `timestamp,value\n${rows.map(({ at, value }) => `${at},${value}`).join('\n')}`,
    });
    const body = { metrics: [{ ...rides, blob_ref: 'nexus://rides.csv' }] };
    const task = await stack.waitForTask(token, (await stack.call('POST', '/nexus/spaces/files/kpi', { token, body })).body.task_id);
    expect(task.status).toBe('succeeded');
    const many = Array.from({ length: 30_000 }, (_, minute) => ({ at: new Date(Date.UTC(2026, 0, 1) + minute * 60_000).toISOString(), value: minute % 60 }));
    const large = await stack.call('POST', '/nexus/spaces/files/kpi', { token, body: { metrics: [{ metric: 'minutes', measurements: many }] } });
    expect((await stack.waitForTask(token, large.body.task_id)).status).toBe('succeeded');
  });

  test('are one acceptance with one Idempotency-Key', async () => {
    const token = await stack.token({ tenant });
    const send = (value: number) =>
      stack.call('POST', '/nexus/spaces/once/kpi', {
        token,
        headers: { 'idempotency-key': 'kpi-1' },
        body: { metrics: [{ metric: 'm', measurements: [{ at: '2026-01-01', value }] }] },
      });
    const [first, again, other] = [await send(1), await send(1), await send(2)];
    expect(again.body.task_id).toBe(first.body.task_id);
    expectRefusal(other, 'nexus.idempotency_conflict');
  });

  test.each([
    ['no metric', { metrics: [] }],
    ['a metric without measurements', { metrics: [{ metric: 'm' }] }],
    ['both kinds of measurements', { metrics: [{ metric: 'm', measurements: [], blob_ref: 'nexus://x' }] }],
    ['a name that is none', { metrics: [{ metric: 'a:b', measurements: [] }] }],
    ['a way that is none', { metrics: [{ metric: 'm', good: 'left', measurements: [] }] }],
    ['a grain that is none', { metrics: [{ metric: 'm', grain: 'minute', measurements: [] }] }],
    ['a time zone that is none', { metrics: [{ metric: 'm', timezone: 'Mars', measurements: [] }] }],
    ['a dimension with a name of a fact', { metrics: [{ metric: 'm', dimensions: { value: 'x' }, measurements: [] }] }],
    ['measurements that are no list', { metrics: [{ metric: 'm', measurements: { at: 1 } }] }],
  ])('%s is refused', async (_, body) => {
    const token = await stack.token({ tenant });
    expectRefusal(await stack.call('POST', '/nexus/spaces/city/kpi', { token, body }), 'nexus.validation_failed');
  });

  test('are not for readers, and not for the shared space without the right to it', async () => {
    const reader = await stack.token({ tenant, roles: 'reader' });
    const body = { metrics: [{ metric: 'm', measurements: [] }] };
    expectRefusal(await stack.call('POST', '/nexus/spaces/city/kpi', { token: reader, body }), 'auth.role_required');
    const writer = await stack.token({ tenant });
    expectRefusal(await stack.call('POST', '/nexus/spaces/city/kpi', { token: writer, body: { scope: 'global', ...body } }), 'nexus.global_write_forbidden');
  });
});
