import { describe, expect, test } from 'vitest';
import { localStack, nexus, type Ran } from './command-line.ts';
import { bodyOf, json, startFakeEdge, task } from './fake-edge.ts';

const run = async (edge: { url: string }, argv: string[]): Promise<Ran> => nexus(argv, { env: { NEXUS_DATA: await localStack(edge.url) } });

const document = (doc_id: string) => ({ doc_id, type: 'document', chunks: 2, metadata: {}, source_uri: null, updated_at: '2026-01-02T03:04:05.000000Z' });

describe('nexus docs', () => {
  test('lists every page, a document a line', async () => {
    const edge = await startFakeEdge(({ query }) =>
      json({ documents: [document(query.cursor === undefined ? 'a' : 'b')], next_cursor: query.cursor === undefined ? 'c1' : null, snapshot: null }),
    );
    const { out, code } = await run(edge, ['docs', 's', '--filter', '{"year": 2026}']);
    expect(code).toBe(0);
    expect(out.trimEnd().split('\n')).toEqual([expect.stringMatching(/^a +document +2 chunks/), expect.stringMatching(/^b +document/)]);
    expect(edge.seen.map(({ query }) => query.filter)).toEqual(['{"year":2026}', '{"year":2026}']);
  });

  test('prints one document with its text, whatever its id looks like', async () => {
    const edge = await startFakeEdge(() => json({ ...document('a/b c'), text: 'line one\nline two' }));
    expect((await run(edge, ['docs', 's', '--doc', 'a/b c'])).out).toBe('line one\nline two\n');
    expect(edge.seen[0]?.path).toBe('/nexus/spaces/s/documents/a/b%20c');
    expect(edge.seen[0]?.query).toEqual({ include: 'text' });
  });

  test('refuses a filter that is not JSON, and asks nobody', async () => {
    const edge = await startFakeEdge(() => json({}));
    const { code, err } = await run(edge, ['docs', 's', '--filter', '{year']);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/^cli\.usage: --filter must be JSON/) });
    expect(edge.seen).toHaveLength(0);
  });
});

describe('nexus delete', () => {
  const deleting = () =>
    startFakeEdge(({ method, path }) =>
      method === 'GET' && path.includes('/tasks/') ? json(task('t1', 'succeeded', { written: 2 })) : json({ task_id: 't1' }, 202),
    );

  test('deletes the documents that it is given, and waits', async () => {
    const edge = await deleting();
    const { out, code } = await run(edge, ['delete', 's', '--doc', 'a', '--doc', 'b']);
    expect({ out, code }).toEqual({ out: '2 documents deleted\n', code: 0 });
    expect(edge.seen[0]).toMatchObject({ method: 'POST', path: '/nexus/spaces/s/documents/delete' });
    expect(bodyOf(edge.seen[0])).toEqual({ doc_ids: ['a', 'b'] });
  });

  test('deletes the space when no document is named', async () => {
    const edge = await deleting();
    expect((await run(edge, ['delete', 's'])).out).toBe('space s deleted\n');
    expect(edge.seen[0]).toMatchObject({ method: 'DELETE', path: '/nexus/spaces/s' });
  });
});
