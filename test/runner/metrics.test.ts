import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { otelMetrics } from '../../runner/adapters/otel/otel-metrics.ts';
import { type RunningRunner, startRunner } from './running-runner.ts';

let runner: RunningRunner;
beforeAll(async () => {
  runner = await startRunner();
  await runner.ingest('metered', { documents: [{ id: 'd', text: 'to be counted' }] });
});
afterAll(() => runner.stop());

const scrape = async (): Promise<string> => (await fetch(`${runner.origin}/metrics`)).text();

describe('GET /metrics', () => {
  test('needs no grant and speaks the text format of Prometheus', async () => {
    const answer = await fetch(`${runner.origin}/metrics`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    for (const line of (await answer.text()).trim().split('\n')) expect(line).toMatch(/^(#.*|[a-z_][a-z0-9_]*(\{[^}]*\})? -?[\d.e+-]+)$/i);
  });

  test('tells what the process takes, and what the engine asks of the object store', async () => {
    const text = await scrape();
    expect(text).toMatch(/^process_resident_memory_bytes [1-9]\d*$/m);
    expect(text).toMatch(/^lance_object_store_requests_total\{.*operation="put".*\} [1-9]\d*$/m);
  });

  test('names no tenant and no space', async () => {
    expect(await scrape()).not.toMatch(/t_a\b|metered/);
  });
});

test('one name is one metric, whoever asks for it', async () => {
  const { metrics } = otelMetrics('i');
  metrics.counter('nexus_things_total', 'Things.')(2, { kind: 'x' });
  metrics.counter('nexus_things_total', 'Things.')(3, { kind: 'x' });
  metrics.histogram('nexus_wait_seconds', 'Waits.', [1, 2])(1.5);
  metrics.gauge('nexus_level', 'Levels.', () => [[{ of: 'a' }, 7]]);
  const { text } = await metrics.exposition();
  expect(text).toMatch(/^nexus_things_total\{kind="x"\} 5$/m);
  expect(text).toMatch(/^nexus_wait_seconds_bucket\{le="2"\} 1$/m);
  expect(text).toMatch(/^nexus_level\{of="a"\} 7$/m);
});
