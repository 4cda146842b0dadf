import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { caller, type RunningRunner, startRunner } from './running-runner.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
const secretText = 'a sentence that nobody else may read';

let runner: RunningRunner;
beforeAll(async () => {
  runner = await startRunner();
  await runner.ingest('seen', { documents: [{ id: 'private-name', text: secretText, metadata: { note: 'private-value' } }] }, { headers: { traceparent } });
});
afterAll(() => runner.stop());

const logged = (event: string) => runner.logged.filter((entry) => entry.event === event).map(({ fields }) => fields ?? {});
const scrape = async (): Promise<string> => (await fetch(`${runner.origin}/metrics`)).text();

describe('the log', () => {
  test('has one line for a request, with who, what and how long', async () => {
    await runner.call('POST', '/nexus/spaces/seen/query', { query: 'sentence' }, { headers: { traceparent, 'x-request-id': 'mine-7' } });
    const lines = logged('request').filter(({ request_id }) => request_id === 'mine-7');
    expect(lines).toEqual([
      {
        request_id: 'mine-7',
        trace_id: traceId,
        endpoint: 'query',
        status: 200,
        tenant_id: 't_a',
        env: 'dev',
        project_id: 'p1',
        surface_id: 'marketing',
        space_id: 'seen',
        duration_ms: expect.any(Number),
        stages_ms: { wait: expect.any(Number), plan: expect.any(Number), lists: expect.any(Number), rows: expect.any(Number) },
      },
    ]);
  });

  test('follows a trace from the request through its event to the worker', async () => {
    await expect.poll(() => logged('message').length).toBeGreaterThan(0);
    expect(logged('request').some(({ endpoint, trace_id }) => endpoint === 'ingest' && trace_id === traceId)).toBe(true);
    expect(logged('message')).toContainEqual(
      expect.objectContaining({
        trace_id: traceId,
        type: 'nexus.ingest_requested',
        outcome: 'done',
        tenant_id: 't_a',
        space_id: 'seen',
        request_id: 'req_test',
      }),
    );
  });

  test('tells the code of a refusal, also of one before anything is known of the caller', async () => {
    await runner.call('POST', '/nexus/spaces/seen/query', {}, { headers: { 'x-request-id': 'mine-8' } });
    await runner.call('GET', '/nexus/spaces', undefined, { grant: 'forged', headers: { 'x-request-id': 'mine-9' } });
    await fetch(`${runner.origin}/nowhere`, { headers: { 'x-request-id': 'mine-10' } });
    const of = (id: string) => logged('request').find(({ request_id }) => request_id === id);
    expect(of('mine-8')).toMatchObject({ status: 422, code: 'nexus.validation_failed', tenant_id: 't_a' });
    expect(of('mine-9')).toMatchObject({ status: 401, code: 'auth.unauthenticated' });
    expect(of('mine-9')).not.toHaveProperty('tenant_id');
    expect(of('mine-10')).toMatchObject({ status: 404, code: 'nexus.not_found' });
  });

  test('holds nothing of what was said, and no credential', async () => {
    await runner.call('GET', '/nexus/spaces/seen/documents/private-name?include=text');
    const text = JSON.stringify(runner.logged);
    for (const secret of [secretText, 'sentence', 'private-name', 'private-value', 'eyJ', 'grant-secret']) expect(text).not.toContain(secret);
  });
});

test.each([
  ['a file', '/nexus/spaces/kept/blobs/report.pdf', 200],
  ['a document that is called like a file', '/nexus/spaces/kept/documents/report.pdf', 404],
  ['a file that is not there', '/nexus/spaces/kept/blobs/none.pdf', 404],
])('%s may be kept by nothing on the way: its URL does not say whose it is', async (_, path, status) => {
  await runner.call('PUT', '/nexus/spaces/kept/blobs/report.pdf', 'mine');
  const answer = await runner.call('GET', path);
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([status, 'no-store']);
});

test('an answer says how long its stages took', async () => {
  const { headers } = await runner.call('POST', '/nexus/spaces/seen/query', { query: 'sentence' });
  expect(headers.get('server-timing')).toMatch(/^wait;dur=[\d.]+, plan;dur=[\d.]+, lists;dur=[\d.]+, rows;dur=[\d.]+, total;dur=[\d.]+$/);
});

test('requests, stages and messages are counted', async () => {
  await expect.poll(() => logged('message').length).toBeGreaterThan(0);
  const text = await scrape();
  expect(text).toMatch(/^nexus_requests_total\{endpoint="query",status="200",code=""\} [1-9]/m);
  expect(text).toMatch(/^nexus_request_duration_seconds_count\{endpoint="ingest"\} [1-9]/m);
  expect(text).toMatch(/^nexus_stage_duration_seconds_count\{endpoint="query",stage="lists"\} [1-9]/m);
  expect(text).toMatch(/^nexus_messages_total\{type="nexus\.ingest_requested",outcome="done"\} [1-9]/m);
  expect(text).toMatch(/^nexus_message_age_seconds_count\{type="nexus\.ingest_requested"\} [1-9]/m);
  expect(text).toMatch(/^nexus_requests_running\{kind="work"\} \d+$/m);
});

describe('a request in a time that is over', () => {
  test('ends with 504 and does no work', async () => {
    const answer = await runner.call('POST', '/nexus/spaces/seen/query', { query: 'sentence' }, { headers: { 'x-nexus-timeout-ms': '0.001' } });
    expect([answer.status, answer.body.error.code]).toEqual([504, 'nexus.timeout']);
  });

  test('keeps its place no longer than its work', async () => {
    await expect.poll(scrape, { timeout: 30_000 }).toMatch(/^nexus_requests_running\{kind="work"\} 0$/m);
  });
});

test('the line has room for others when one tenant fills its own', async () => {
  const flood = caller({ tenant_id: 't_flood' });
  const asked = Array.from({ length: 700 }, () => runner.call('GET', '/nexus/spaces/seen', undefined, { context: flood }));
  const light = await runner.call('POST', '/nexus/spaces/seen/query', { query: 'sentence' });
  const answers = await Promise.all(asked);
  expect(light.status).toBe(200);
  for (const { status, body, headers } of answers) {
    if (status === 200) continue;
    expect(['429 nexus.rate_limited', '503 nexus.overloaded']).toContain(`${status} ${body.error.code}`);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }
  expect((await runner.call('GET', '/nexus/spaces/seen', undefined, { context: flood })).status, 'and afterwards all is as before').toBe(200);
});
