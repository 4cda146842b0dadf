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

/** What the API says of a space that is there, and of one that is not. */
const described = (documents: number, exists = true) => json({ space_id: 's', scope: 'tenant', documents, chunks: documents, created_at: exists ? 'x' : null });

describe('nexus delete', () => {
  const deleting = (exists = true) =>
    startFakeEdge(({ method, path }) => {
      if (method !== 'GET') return json({ task_id: 't1' }, 202);
      return path.includes('/tasks/') ? json(task('t1', 'succeeded', { written: 2 })) : described(3, exists);
    });
  const asked = (edge: Awaited<ReturnType<typeof deleting>>) => edge.seen.filter(({ method }) => method !== 'GET');

  test('deletes the documents that it is given, and waits', async () => {
    const edge = await deleting();
    const { out, code } = await run(edge, ['delete', 's', '--doc', 'a', '--doc', 'b']);
    expect({ out, code }).toEqual({ out: '2 documents deleted\n', code: 0 });
    expect(asked(edge)).toMatchObject([{ method: 'POST', path: '/nexus/spaces/s/documents/delete' }]);
    expect(bodyOf(asked(edge)[0])).toEqual({ doc_ids: ['a', 'b'] });
  });

  test.each([[['s']], [['--space', 's']], [['s', '--yes']]])('deletes the space when no document is named: %j', async (argv) => {
    const edge = await deleting();
    expect((await run(edge, ['delete', ...argv])).out).toBe('space s deleted\n');
    expect(asked(edge)).toMatchObject([{ method: 'DELETE', path: '/nexus/spaces/s' }]);
  });

  test.each([
    ['n', [], 1, 0],
    ['', [], 1, 0],
    ['y', [], 0, 1],
    ['n', ['--yes'], 0, 1],
    ['n', ['--doc', 'a'], 0, 1],
  ])('on a terminal asks first: %j to %j', async (answer, argv, code, deletions) => {
    const edge = await deleting();
    const questions: string[] = [];
    const ask = async (question: string) => {
      questions.push(question);
      return answer;
    };
    const ran = await nexus(['delete', 's', ...argv], { env: { NEXUS_DATA: await localStack(edge.url) }, ask });
    expect([ran.code, asked(edge).length]).toEqual([code, deletions]);
    if (argv.length === 0) expect(questions).toEqual([expect.stringContaining('the space s with 3 documents')]);
    else expect(questions).toEqual([]);
    if (code === 1) expect(ran.err).toBe('cli.not_confirmed: Nothing was deleted.\n');
  });

  test('of a space that does not exist is an error, and asks for nothing', async () => {
    const edge = await deleting(false);
    for (const argv of [
      ['delete', 's'],
      ['delete', 's', '--doc', 'a'],
    ]) {
      const { code, err } = await run(edge, argv);
      expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/^cli\.no_space: There is no space s here/) });
    }
    expect(asked(edge)).toEqual([]);
  });
});

describe('a mistyped space', () => {
  const answers = (exists: boolean) =>
    startFakeEdge(({ path }) => {
      if (path.endsWith('/documents')) return json({ documents: [], next_cursor: null, snapshot: null });
      if (path.endsWith('/query')) return json({ hits: [], next_cursor: null, snapshot: {}, took_ms: 1 });
      return json({ ...(JSON.parse(described(0, exists).body ?? '') as object), bytes: 0, fields: {}, indexes: [] });
    });

  test.each([
    [['docs', 's']],
    [['docs', '--space', 's', '--json']],
    [['query', 'x', '--space', 's']],
    [['query', 'x', '--space', 's', '--json']],
    [['space', 's']],
  ])('does not look like an empty one: %j', async (argv) => {
    const unknown = /There is no space s here\. nexus spaces lists those that there are\./;
    expect(await run(await answers(false), argv)).toMatchObject({ code: 0, err: expect.stringMatching(unknown) });
    expect((await run(await answers(true), argv)).err).not.toMatch(unknown);
  });

  test('cannot be named twice, or left out', async () => {
    const edge = await answers(true);
    for (const argv of [['docs'], ['space', 's', '--space', 's'], ['delete'], ['docs', 's', 't']])
      expect((await run(edge, argv)).err).toMatch(/^cli\.usage: Name one space: nexus /);
    expect(edge.seen).toEqual([]);
  });
});
