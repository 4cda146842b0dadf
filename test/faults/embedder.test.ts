import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dimension, type Fault, type ModelService, startModelService } from '../runner/model-service.ts';
import { type RunningRunner, startRunner } from '../runner/running-runner.ts';

/** The embedding service is down, slow, or wrong: what callers see meanwhile, and that every accepted text is embedded in the end. */

let service: ModelService;
let runner: RunningRunner;
let fault: Fault | undefined;
let met = 0;

beforeAll(async () => {
  service = await startModelService(() => {
    if (fault !== undefined) met += 1;
    return fault;
  });
  runner = await startRunner({
    env: {
      NEXUS_EMBEDDER: 'openai',
      NEXUS_EMBEDDER_URL: service.url,
      NEXUS_EMBEDDER_MODEL: `model@${dimension}`,
      NEXUS_EMBEDDER_KEY: 'k',
      NEXUS_EMBEDDER_TIMEOUT_MS: '300',
    },
  });
});
afterAll(async () => {
  fault = undefined;
  await runner.stop();
  await service.stop();
});

const query = (space: string, body: Record<string, unknown>) => runner.call('POST', `/nexus/spaces/${space}/query`, body);
const ended = async (taskId: string) => {
  for (;;) {
    const { body } = await runner.call('GET', `/nexus/tasks/${taskId}`);
    if (['succeeded', 'partial', 'failed'].includes(body.status)) return body;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

const unavailable = [503, 'nexus.upstream_unavailable'];
const wrong = [502, 'nexus.upstream_invalid'];
const kinds: [string, Fault, unknown[]][] = [
  ['breaks connections', 'reset', unavailable],
  ['breaks off in the middle of its answers', 'cut', unavailable],
  ['does not answer in time', 'hang', unavailable],
  ['throttles, with a long Retry-After', { status: 429, retryAfter: '3600' }, unavailable],
  ['refuses the key', { status: 401 }, unavailable],
  ['answers with a page instead of JSON', 'html', wrong],
  ['answers with numbers that are none', 'not-a-number', wrong],
  ['answers with another shape', 'other-shape', wrong],
  ['gives vectors of another dimension', 'wrong-dimension', wrong],
  ['gives too few vectors', 'short', wrong],
  ['gives too many vectors', 'long', wrong],
  ['gives vectors of no length', 'zero', wrong],
  ['gives numbers beyond all bounds', 'huge-numbers', wrong],
];

describe.each(kinds)('an embedding service that %s', (what, kind, refusal) => {
  const space = what.replaceAll(/[^a-z]+/gi, '-');
  const text = `the words of ${what}`;

  test('keeps back what was accepted and refuses queries, and both are well when it is', { timeout: 180_000 }, async () => {
    await runner.ingest(space, { documents: [{ id: 'before', text: `before ${what}` }] });
    fault = kind;
    met = 0;
    const accepted = await runner.call('POST', `/nexus/spaces/${space}/ingest`, { documents: [{ id: 'meanwhile', text }] });
    expect(accepted.status).toBe(202);
    const refused = await query(space, { query: `any ${what}?` });
    expect([refused.status, refused.body.error?.code], JSON.stringify(refused.body)).toEqual(refusal);
    expect(refused.body.error.message).toMatch(/mode text/);
    expect((await query(space, { query: 'before', mode: 'text' })).body.hits).toHaveLength(1);
    await expect.poll(() => met).toBeGreaterThan(1);
    expect((await runner.call('GET', `/nexus/tasks/${accepted.body.task_id}`)).body.status).not.toBe('failed');

    fault = undefined;
    expect(await ended(accepted.body.task_id)).toMatchObject({ status: 'succeeded', errors: [] });
    const { hits } = (await query(space, { query: text, mode: 'vector', limit: 10 })).body;
    expect(hits.map(({ doc_id }: { doc_id: string }) => doc_id).sort()).toEqual(['before', 'meanwhile']);
    expect((await runner.call('GET', `/nexus/spaces/${space}`)).body).toMatchObject({ documents: 2, chunks: 2 });
  });
});
