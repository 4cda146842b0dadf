import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Asked, dimension, type Fault, type ModelService, startModelService } from './model-service.ts';
import { caller, type RunningRunner, startRunner } from './running-runner.ts';

/** A runner whose standard model lies behind HTTP, and what it does with texts, spaces, and a service that fails. */

const hashing = 'hashing/words-and-ngrams-v1@384';
const standard = `openai/first@${dimension}`;
const other = `openai/second@${dimension}`;
const system = caller({ tenant_id: 't_system', roles: ['system'] });

let service: ModelService;
let runner: RunningRunner;
let faultOf: (asked: Asked) => Fault | undefined = () => undefined;

beforeAll(async () => {
  service = await startModelService((asked) => faultOf(asked));
  runner = await startRunner({
    env: { NEXUS_EMBEDDER: 'openai', NEXUS_EMBEDDER_URL: service.url, NEXUS_EMBEDDER_MODEL: `first@${dimension},second@${dimension}`, NEXUS_EMBEDDER_KEY: 'k' },
  });
});
afterAll(async () => {
  await runner.stop();
  await service.stop();
});

const during = async <T>(fault: (asked: Asked) => Fault | undefined, work: () => Promise<T>): Promise<T> => {
  faultOf = fault;
  try {
    return await work();
  } finally {
    faultOf = () => undefined;
  }
};

const document = (id: string, text: string) => ({ documents: [{ id, text }] });
const query = (space: string, body: Record<string, unknown>) => runner.call('POST', `/nexus/spaces/${space}/query`, body);
const asksFor = (text: string): string[] => service.asked.filter(({ texts }) => texts.includes(text)).map(({ body }) => body.model);

describe('the model of a space', () => {
  test('is the standard one when nobody chooses, and is used for documents and queries', async () => {
    await runner.ingest('plain', document('a', 'apples and pears'));
    expect((await runner.call('GET', '/nexus/spaces/plain')).body).toMatchObject({ embedding_model: standard, dimension });
    const { body } = await query('plain', { query: 'pears, please', explain: true });
    expect(body.hits[0]).toMatchObject({ id: 'a#0', distance: expect.any(Number) });
    expect([asksFor('apples and pears'), asksFor('pears, please')]).toEqual([['first'], ['first']]);
  });

  test.each([
    [other, ['second']],
    [hashing, []],
  ])('is %s where the settings say so, and texts go to it alone', async (model, asked) => {
    const space = `chosen-${asked.length}`;
    expect((await runner.call('PUT', `/nexus/spaces/${space}`, { embedding_model: model })).body.embedding_model).toBe(model);
    await runner.ingest(space, document('a', `plums for ${space}`));
    expect((await query(space, { query: `any plums for ${space}`, mode: 'vector' })).body.hits[0].id).toBe('a#0');
    expect([asksFor(`plums for ${space}`), asksFor(`any plums for ${space}`)]).toEqual([asked, asked]);
  });

  test('that this runner does not have is 422, and the message names those that it has', async () => {
    const { status, body } = await runner.call('PUT', '/nexus/spaces/unknown', { embedding_model: 'openai/third@8' });
    expect([status, body.error.code]).toEqual([422, 'nexus.validation_failed']);
    for (const model of [standard, other, hashing, 'external@']) expect(body.error.message).toContain(model);
  });

  test('of vectors that callers bring is 409 for texts, and the message says what to do', async () => {
    await runner.ingest('external', { documents: [{ id: 'a', vector: [1, 0, 0] }] });
    const { status, body } = await runner.call('POST', '/nexus/spaces/external/ingest', document('b', 'words'));
    expect([status, body.error.code]).toEqual([409, 'nexus.embedding_mismatch']);
    expect(body.error.message).toMatch(/bring its own/);
  });

  test('repeated by dimension alone is no conflict', async () => {
    await runner.call('PUT', '/nexus/spaces/repeated', { embedding_model: hashing });
    expect((await runner.call('PUT', '/nexus/spaces/repeated', { dimension: 384 })).status).toBe(200);
  });
});

describe('a query over two scopes', () => {
  const ask = (space: string, text: string) => query(space, { query: text, include_global: true, mode: 'vector' });

  test('of one model is embedded once, and once more is remembered', async () => {
    await runner.ingest('both', document('own', 'mine'));
    await runner.ingest('both', document('shared', 'ours'), { context: system });
    for (let times = 0; times < 2; times++) expect((await ask('both', 'whose is it?')).body.hits).toHaveLength(2);
    expect(asksFor('whose is it?')).toEqual(['first']);
  });

  test('of two models is embedded once by each, and later pages embed nothing', async () => {
    await runner.call('PUT', '/nexus/spaces/mixed', { embedding_model: other }, { context: system });
    await runner.ingest('mixed', document('own', 'mine'));
    await runner.ingest('mixed', document('shared', 'ours'), { context: system });
    const walk = { query: 'whose is this?', include_global: true, mode: 'vector', limit: 1 };
    const first = await query('mixed', walk);
    expect(asksFor('whose is this?').sort()).toEqual(['first', 'second']);
    const second = await during(
      () => ({ status: 500 }),
      () => query('mixed', { ...walk, cursor: first.body.next_cursor }),
    );
    const scopes = [...first.body.hits, ...second.body.hits].map(({ source_scope }) => source_scope);
    expect([scopes.sort(), second.body.next_cursor]).toEqual([['global', 'tenant'], null]);
  });
});

describe('an embedding service that fails', () => {
  test('refusing one text: its document fails alone on the task, with what to do', async () => {
    const documents = ['one', 'bad', 'three'].map((id) => ({ id, text: `the text ${id}` }));
    const task = await during(
      ({ texts }) => (texts.includes('the text bad') ? { status: 400 } : undefined),
      () => runner.ingest('partly', { documents }),
    );
    expect(task).toMatchObject({ status: 'partial', counts: { documents: 3, written: 2, failed: 1 } });
    expect(task.errors).toEqual([{ doc_id: 'bad', code: 'nexus.validation_failed', message: expect.stringMatching(/passage 0 .*it answers 400/) }]);
    expect((await query('partly', { query: 'text', mode: 'text' })).body.hits.map(({ doc_id }: { doc_id: string }) => doc_id).sort()).toEqual(['one', 'three']);
  });

  test('down while a task runs: the event comes again, and the task succeeds when it is back', async () => {
    let refusals = 0;
    const down = ({ texts }: Asked): Fault | undefined => (texts.includes('patience') && refusals++ < 2 ? { status: 401 } : undefined);
    const task = await during(down, () => runner.ingest('later', document('a', 'patience')));
    expect(task).toMatchObject({ status: 'succeeded', attempts: 3, counts: { written: 1 } });
  });

  test('down at a query: 503 that names what still works, and mode text does work', async () => {
    await runner.ingest('down', document('a', 'what still works'));
    const { status, body } = await during(
      () => ({ status: 401 }),
      () => query('down', { query: 'still works' }),
    );
    expect([status, body.error.code, body.error.retryable]).toEqual([503, 'nexus.upstream_unavailable', true]);
    expect(body.error.message).toMatch(/mode text/);
    const text = await during(
      () => ({ status: 401 }),
      () => query('down', { query: 'still works', mode: 'text' }),
    );
    expect(text.body.hits).toHaveLength(1);
  });

  test('refusing a query: 422 that names the field', async () => {
    await runner.ingest('picky', document('a', 'anything'));
    const { status, body } = await during(
      ({ texts }) => (texts.includes('no such thing') ? { status: 400 } : undefined),
      () => query('picky', { query: 'no such thing' }),
    );
    expect([status, body.error.details.issues[0].path]).toEqual([422, 'query']);
  });
});
