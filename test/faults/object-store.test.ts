import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { allFaults, noFaults } from '../fakes/object-store/faults.ts';
import { type Door, objectStore, serveObjects } from '../fakes/object-store/serve.ts';
import { type Answer, type RunningRunner, startRunner } from '../runner/running-runner.ts';

/** The object store misbehaves: what callers see meanwhile, and that nothing is lost once it has come to its senses. */

let door: Door;
let runner: RunningRunner;
const space = '/nexus/spaces/faulty';

beforeAll(async () => {
  door = await serveObjects(objectStore(['bucket']));
  const routes = [
    { id: 'store', kind: 'nexus_store', match: {}, backend: 'lancedb', root: 'gs://bucket/nexus' },
    { id: 'blobs', kind: 'nexus_blob_store', match: {}, backend: 'blob', root: 'gs://bucket/blobs' },
  ];
  runner = await startRunner({ routes: { routes }, env: { NEXUS_GCS_ENDPOINT: door.url } });
  await runner.ingest('faulty', { documents: [{ id: 'there', text: 'words that are there before' }] });
});
beforeEach(() => {
  door.faults = noFaults;
});
afterAll(async () => {
  door.faults = noFaults;
  await runner.stop();
  await door.close();
});

const query = (headers: Record<string, string> = {}): Promise<Answer> =>
  runner.call('POST', `${space}/query`, { query: 'words', mode: 'text', limit: 100 }, { headers });
const found = async (): Promise<string[]> => (await query()).body.hits.map(({ doc_id }: { doc_id: string }) => doc_id).sort();
const ended = async (taskId: string): Promise<Answer['body']> => {
  for (;;) {
    const { status, body } = await runner.call('GET', `/nexus/tasks/${taskId}`);
    if (status === 200 && ['succeeded', 'partial', 'failed'].includes(body.status)) return body;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

test('a runner whose places do not answer says which, and is not ready', async () => {
  const fresh = await startRunner({ routes: runner.services.registry(), env: { NEXUS_GCS_ENDPOINT: door.url } });
  try {
    door.faults = { ...noFaults, latencyMs: 10_000 };
    const answer = await fetch(`${fresh.origin}/ready`);
    expect([answer.status, await answer.json()]).toEqual([
      503,
      { ready: false, problems: ['the place of route store does not answer', 'the place of route blobs does not answer'] },
    ]);
  } finally {
    await fresh.stop();
  }
});

describe('while the object store does not answer at all', () => {
  beforeEach(() => {
    door.faults = { ...noFaults, rate: 1, kinds: ['unavailable'] };
  });

  test('a query is refused with 503 and a time to try again', async () => {
    const { status, body, headers } = await query();
    expect([status, body.error.code]).toEqual([503, 'nexus.upstream_unavailable']);
    expect(body.error.retryable).toBe(true);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    door.faults = noFaults;
    expect(await found()).toEqual(['there']);
  });

  test('an ingest is refused with 503, and nothing of it was accepted', async () => {
    const { status, body } = await runner.call('POST', `${space}/ingest`, { documents: [{ id: 'refused', text: 'words that nobody took' }] });
    expect([status, body.error.code]).toEqual([503, 'nexus.upstream_unavailable']);
    door.faults = noFaults;
    expect(await found()).toEqual(['there']);
  });

  test('a request with little time ends within it', async () => {
    const { status, body } = await query({ 'x-nexus-timeout-ms': '300' });
    expect([503, 504]).toContain(status);
    expect(['nexus.upstream_unavailable', 'nexus.timeout']).toContain(body.error.code);
  });
});

test.each(['unavailable', 'throttled', 'dropBefore'] as const)(
  'a runner that opens its first table while the store is %s answers 503 or 504, in time, and is well afterwards',
  { timeout: 300_000 },
  async (kind) => {
    const fresh = await startRunner({ routes: runner.services.registry(), env: { NEXUS_GCS_ENDPOINT: door.url } });
    try {
      for (const wellFor of [1, 3, 5, 8]) {
        door.next.push(...Array<'none'>(wellFor).fill('none'));
        door.faults = { ...noFaults, rate: 1, kinds: [kind] };
        const ask = fresh.call('POST', `${space}/query`, { query: 'words', mode: 'text' }, { headers: { 'x-nexus-timeout-ms': '1500' } });
        const { status, body } = await ask;
        expect(['503 nexus.upstream_unavailable', '504 nexus.timeout', '200 undefined']).toContain(`${status} ${body.error?.code}`);
        door.next.length = 0;
      }
      door.faults = noFaults;
      await expect.poll(() => fresh.services.admission.work.running(), { timeout: 60_000 }).toBe(0);
      // The engine goes on with what it had begun, with waits of its own between its tries.
      const again = () => fresh.call('POST', `${space}/query`, { query: 'words', mode: 'text' }, { headers: { 'x-nexus-timeout-ms': '5000' } });
      await expect.poll(async () => (await again()).status, { timeout: 200_000 }).toBe(200);
    } finally {
      await fresh.stop();
    }
  },
);

test('what was accepted before the store went away is done when it is back', async () => {
  const { status, body } = await runner.call('POST', `${space}/ingest`, { documents: [{ id: 'kept', text: 'words that were accepted' }] });
  door.faults = { ...noFaults, rate: 1, kinds: ['unavailable', 'throttled', 'dropBefore'] };
  expect(status).toBe(202);
  await expect.poll(() => door.log.entries.filter(({ status: seen }) => seen === 503 || seen === 0).length, { timeout: 30_000 }).toBeGreaterThan(3);
  door.faults = noFaults;
  expect(await ended(body.task_id)).toMatchObject({ status: 'succeeded' });
  expect(await found()).toContain('kept');
});

test('in a storm of faults every answer is one of the contract, and every accepted document is there whole', { timeout: 300_000 }, async () => {
  door.faults = { ...noFaults, rate: 0.1, kinds: allFaults, slowMs: 50 };
  const accepted: string[] = [];
  const statuses = new Set<string>();
  const write = async (index: number): Promise<void> => {
    const answer = await runner.call('POST', `${space}/ingest`, { documents: [{ id: `storm${index}`, text: `words in a storm ${index}` }] });
    statuses.add(`${answer.status} ${answer.body.error?.code ?? ''}`);
    if (answer.status === 202) accepted.push(answer.body.task_id);
  };
  const read = async (): Promise<void> => {
    const answer = await query();
    statuses.add(`${answer.status} ${answer.body.error?.code ?? ''}`);
  };
  for (let round = 0; round < 5; round++) await Promise.all([write(2 * round), write(2 * round + 1), read(), read()]);
  door.faults = noFaults;
  expect(
    [...statuses].filter((status) => !['202 ', '200 ', '503 nexus.upstream_unavailable', '504 nexus.timeout', '503 nexus.overloaded'].includes(status)),
  ).toEqual([]);
  for (const task of accepted) expect(await ended(task)).toMatchObject({ status: 'succeeded', counts: { written: 1 } });
  expect((await found()).filter((id) => id.startsWith('storm'))).toHaveLength(accepted.length);
  expect(accepted.length).toBeGreaterThan(0);
});
