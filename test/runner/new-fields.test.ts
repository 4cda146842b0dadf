import { expect, onTestFinished, test } from 'vitest';
import { startRunner } from './running-runner.ts';

test('metadata keys that come later are stored, and found by, in a space that has data', async () => {
  const runner = await startRunner();
  onTestFinished(() => runner.stop());
  await runner.ingest('docs', { documents: [{ id: 'a', text: 'one', metadata: { n: 1 } }] });
  const task = await runner.ingest('docs', { documents: [{ id: 'b', text: 'two', metadata: { n: 2, k: 'new', t: ['z'], b: true } }] });
  expect(task).toMatchObject({ status: 'succeeded', attempts: 1 });
  const { body } = await runner.call('POST', '/nexus/spaces/docs/query', { query: 'two', filter: { k: 'new', b: true, t: { contains: 'z' } } });
  expect(body.hits.map(({ doc_id }: { doc_id: string }) => doc_id)).toEqual(['b']);
});
