import { describe, expect, test } from 'vitest';
import { type Embedder, RefusedTextError } from '../../runner/ports/embedder.ts';
import { queryEmbeddings } from '../../runner/query/query-embeddings.ts';
import { NexusError } from '../../shared/errors.ts';

/** Counts what it is asked, and answers as it is told to. */
const countingEmbedder = (model = 'test/counting@2', answer: (text: string) => Promise<Float32Array> = async () => Float32Array.of(0, 1)) => {
  const asked: string[] = [];
  const embedder: Embedder = {
    ...{ model, dimension: 2, fusionWeight: 1 },
    embedDocuments: async () => [],
    embedQuery(text) {
      asked.push(text);
      return answer(text);
    },
  };
  return { asked, embedder };
};

describe('embedding queries', () => {
  test('a text is embedded once, also for callers who ask at the same time', async () => {
    const { asked, embedder } = countingEmbedder();
    const embed = queryEmbeddings();
    await Promise.all([embed(embedder, 't_a', 'one'), embed(embedder, 't_a', 'one'), embed(embedder, 't_a', 'two')]);
    await embed(embedder, 't_a', 'one');
    expect(asked.sort()).toEqual(['one', 'two']);
  });

  test('what one tenant has asked is not remembered for another, nor for another model', async () => {
    const [first, second] = [countingEmbedder('test/first@2'), countingEmbedder('test/second@2')];
    const embed = queryEmbeddings();
    for (const tenant of ['t_a', 't_b']) for (const { embedder } of [first, second]) await embed(embedder, tenant, 'one');
    expect([first.asked, second.asked]).toEqual([
      ['one', 'one'],
      ['one', 'one'],
    ]);
  });

  test('memory is bounded: what was not asked for long is embedded again', async () => {
    const { asked, embedder } = countingEmbedder();
    const embed = queryEmbeddings(200);
    for (const text of ['1', '2', '3', '4', '4', '1']) await embed(embedder, 't_a', text);
    expect(asked).toEqual(['1', '2', '3', '4', '1']);
  });

  test('a failure is told as 503 with what still works, is not remembered, and its cause is kept for the log', async () => {
    const cause = new Error('the vendor said so');
    let down = true;
    const { embedder } = countingEmbedder(undefined, async () => {
      if (down) throw new NexusError('nexus.upstream_unavailable', 'inner words', { cause, retryAfterSeconds: 7 });
      return Float32Array.of(1, 0);
    });
    const embed = queryEmbeddings();
    await expect(embed(embedder, 't_a', 'one')).rejects.toMatchObject({
      code: 'nexus.upstream_unavailable',
      retryAfterSeconds: 7,
      cause,
      message: /mode text/,
    });
    down = false;
    expect(await embed(embedder, 't_a', 'one')).toEqual(Float32Array.of(1, 0));
  });

  test('an embedder that does not answer in time is 503', async () => {
    const late = () => Promise.reject(new DOMException('too late', 'TimeoutError'));
    await expect(queryEmbeddings()(countingEmbedder(undefined, late).embedder, 't_a', 'one')).rejects.toMatchObject({ code: 'nexus.upstream_unavailable' });
  });

  test('a text that the model does not take is 422 and names the query', async () => {
    const refuse = () => Promise.reject(new RefusedTextError('too long'));
    await expect(queryEmbeddings()(countingEmbedder(undefined, refuse).embedder, 't_a', 'one')).rejects.toMatchObject({
      code: 'nexus.validation_failed',
      details: { issues: [{ path: 'query', message: 'the embedding model does not take this text (too long)' }] },
    });
  });
});
