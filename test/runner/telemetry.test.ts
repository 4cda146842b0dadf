import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EnvironmentError, parseEnvironment } from '../../runner/environment.ts';
import { type OtlpCollector, startOtlpCollector } from '../fakes/otlp-collector.ts';
import { edgeBefore } from '../faults/edge-before.ts';
import { type RunningRunner, startRunner } from './running-runner.ts';

/** What a collector of OpenTelemetry sees of the edge's requests, the runner's answers, and the worker's messages. */

const traceId = '0af7651916cd43dd8448eb211c80319c';
const callerSpan = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${callerSpan}-01`;

let collector: OtlpCollector;
let runner: RunningRunner;
let isStopped: boolean;
const stop = async (): Promise<void> => {
  if (!isStopped) await runner.stop();
  isStopped = true;
};
const start = async (env: Record<string, string> = {}): Promise<Awaited<ReturnType<typeof edgeBefore>>> => {
  isStopped = false;
  runner = await startRunner({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`, ...env } });
  return edgeBefore([runner.origin], JSON.stringify(runner.services.registry()), 1);
};

beforeEach(async () => {
  collector = await startOtlpCollector();
});
afterEach(async () => {
  await stop();
  await collector.stop();
});

describe('a trace', () => {
  test('goes from the caller’s step through the edge to the runner, and through the event to the worker', async () => {
    const ask = await start({ OTEL_EXPORTER_OTLP_HEADERS: 'x-team=a%20b', OTEL_SERVICE_NAME: 'our-runner' });
    const accepted = await ask('POST', '/nexus/spaces/s/ingest', { documents: [{ id: 'd', text: 'secret words' }] }, { traceparent });
    expect(accepted.status).toBe(202);
    await ask('POST', '/nexus/spaces/s/query', { query: 'secret', after_task: accepted.body.task_id }, { traceparent });
    await stop();

    const ofTrace = collector.spans.filter((span) => span.traceId === traceId);
    const [ingest] = ofTrace.filter(({ name }) => name === 'POST /nexus/spaces/{space_id}/ingest');
    const [query] = ofTrace.filter(({ name }) => name === 'POST /nexus/spaces/{space_id}/query');
    const [work] = ofTrace.filter(({ name }) => name === 'process nexus.ingest_requested');
    expect(ingest).toMatchObject({ parentSpanId: callerSpan, kind: 2, failed: false, service: 'our-runner' });
    expect(query).toMatchObject({ parentSpanId: callerSpan, kind: 2 });
    expect(work).toMatchObject({ parentSpanId: ingest?.spanId, kind: 5, failed: false });
    expect(ingest?.attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.response.status_code': 202,
      'nexus.tenant_id': 't_a',
      'nexus.space_id': 's',
      'nexus.endpoint': 'ingest',
    });
    expect(work?.attributes).toMatchObject({ 'nexus.tenant_id': 't_a', 'nexus.space_id': 's', 'nexus.outcome': 'done', 'messaging.operation.type': 'process' });
    expect(work?.durationMs).toBeGreaterThan(0);
    expect(JSON.stringify(collector.spans)).not.toContain('secret');
    expect(collector.headers[0]).toMatchObject({ 'x-team': 'a b' });
  });

  test('that nobody began is begun by the edge, one for each request', async () => {
    const ask = await start();
    const accepted = await ask('POST', '/nexus/spaces/s/ingest', { documents: [{ id: 'd', text: 'words' }] });
    await ask('POST', '/nexus/spaces/s/query', { query: 'words', after_task: accepted.body.task_id });
    await stop();
    const spanOf = (name: string) => collector.spans.find((span) => span.name === name);
    const [ingest, query, work] = ['POST /nexus/spaces/{space_id}/ingest', 'POST /nexus/spaces/{space_id}/query', 'process nexus.ingest_requested'].map(spanOf);
    expect(work).toMatchObject({ traceId: ingest?.traceId, parentSpanId: ingest?.spanId });
    expect(ingest?.parentSpanId).toMatch(/^[0-9a-f]{16}$/);
    expect(query?.traceId).not.toBe(ingest?.traceId);
  });

  test('shows a refusal with its code, and is left out when the share of traces is 0', async () => {
    const ask = await start();
    await ask('GET', '/nexus/tasks/task_00000000000000000000000000000000', undefined, { traceparent });
    await stop();
    expect(collector.spans.find((span) => span.name === 'GET /nexus/tasks/{task_id}')?.attributes).toMatchObject({
      'http.response.status_code': 404,
      'error.type': 'nexus.not_found',
    });
    collector.spans.length = 0;
    const silent = await start({ OTEL_TRACES_SAMPLER_ARG: '0' });
    expect((await silent('GET', '/nexus/spaces')).status).toBe(200);
    await stop();
    expect(collector.spans).toEqual([]);
  });
});

test('metrics go to the collector, and can be read at /metrics all the same', async () => {
  const ask = await start();
  await ask('GET', '/nexus/spaces');
  expect(await (await fetch(`${runner.origin}/metrics`)).text()).toContain('nexus_requests_total');
  await stop();
  for (const name of ['nexus_requests_total', 'nexus_request_duration_seconds', 'process_resident_memory_bytes']) expect(collector.metrics).toContain(name);
});

test('a collector that is away costs nothing but what it would have seen', async () => {
  collector.refusal = 400;
  const ask = await start();
  expect((await ask('GET', '/nexus/spaces')).status).toBe(200);
  await stop();
  expect(collector.spans).toEqual([]);
});

test('without a collector nothing is recorded, and nothing is sent', async () => {
  isStopped = false;
  runner = await startRunner();
  expect(runner.services.spans).toBeUndefined();
});

test.each([
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'not a url'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'nonsense'],
  ['OTEL_TRACES_SAMPLER_ARG', '2'],
])('a bad %s is told at start', (name, value) => {
  expect(() => parseEnvironment({ [name]: value })).toThrow(EnvironmentError);
  expect(() => parseEnvironment({ [name]: value })).toThrow(name);
});
