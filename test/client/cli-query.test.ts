import { describe, expect, test } from 'vitest';
import { localStack, nexus, type Ran } from './command-line.ts';
import { bodyOf, hit, page, startFakeEdge } from './fake-edge.ts';

const ask = async (edge: { url: string }, argv: string[], interactive = false): Promise<Ran> =>
  nexus(['query', ...argv], { env: { NEXUS_DATA: await localStack(edge.url) }, interactive });

describe('nexus query', () => {
  test('sends what its flags say', async () => {
    const edge = await startFakeEdge(() => page([], null));
    await ask(edge, ['how', 'so?', '--space', 'docs', '--global', '--filter', '{"lang": "en"}', '--limit', '5', '--mode', 'text']);
    expect(edge.seen[0]?.path).toBe('/nexus/spaces/docs/query');
    expect(bodyOf(edge.seen[0])).toEqual({ query: 'how so?', include_global: true, filter: { lang: 'en' }, limit: 5, mode: 'text' });
  });

  test('prints rank, score, scope, passage, title and the beginning of the text', async () => {
    const found = { ...hit('docs/a.md', 0.98765, 'Once  upon\na time.'), chunk: 3, source_scope: 'global', metadata: { title: 'Tales' }, page: 7 };
    const edge = await startFakeEdge(() => page([found, hit('b', 0.5, 'word '.repeat(400))], null));
    const { code, out } = await ask(edge, ['once', '--space', 's']);
    expect(code).toBe(0);
    const [head, text, , second, ...more] = out.split('\n');
    expect(head).toBe(' 1  0.9877  global  docs/a.md#3  Tales, page 7');
    expect(text).toBe('    Once upon a time.');
    expect(second).toBe(' 2  0.5000  tenant  b#0');
    expect(more.filter((line) => line !== '').length).toBeGreaterThan(1);
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('does not let a document drive the terminal', async () => {
    const edge = await startFakeEdge(() => page([hit('a\u001b]0;x\u0007', 1, 'before\u001b[2Jafter\u009b1m')], null));
    expect((await ask(edge, ['x', '--space', 's'])).out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  test('with --json prints exactly what the API said, fields of the future included', async () => {
    const answer = { hits: [{ ...hit('a', 1), new_field: { x: [1] } }], next_cursor: 'more', snapshot: {}, took_ms: 1.5, also_new: true };
    const edge = await startFakeEdge(() => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(answer) }));
    const { out, err } = await ask(edge, ['x', '--space', 's', '--json']);
    expect(JSON.parse(out)).toEqual(answer);
    expect(err).toBe('');
    expect(edge.seen).toHaveLength(1);
  });

  test('with --all goes through every page, numbering on, and with --json prints a page a line', async () => {
    const edge = await startFakeEdge(({ body }) =>
      JSON.parse(body.toString()).cursor === undefined ? page([hit('a', 1)], 'c1') : page([hit('b', 0.5)], null),
    );
    const read = await ask(edge, ['x', '--space', 's', '--all']);
    expect(read.out.match(/^ \d .*$/gm)).toEqual([' 1  1.0000  tenant  a#0', ' 2  0.5000  tenant  b#0']);
    const pages = (await ask(edge, ['x', '--space', 's', '--all', '--json'])).out.trimEnd().split('\n');
    expect(pages.map((line) => JSON.parse(line).hits[0].doc_id)).toEqual(['a', 'b']);
  });

  test('says on a terminal that there is more, and nothing of it into a pipe', async () => {
    const edge = await startFakeEdge(() => page([hit('a', 1)], 'more'));
    expect((await ask(edge, ['x', '--space', 's'], true)).err).toContain('--all');
    expect((await ask(edge, ['x', '--space', 's'])).err).toBe('');
  });

  test.each([
    [['--space', 's'], /^cli\.usage: Say what to look for/],
    [['x'], /^cli\.usage: --space is missing/],
    [['x', '--space', 's', '--filter', '{lang: en}'], /^cli\.usage: --filter is not JSON/],
    [['x', '--space', 's', '--limit', 'ten'], /^cli\.usage: --limit must be a whole number/],
    [['x', '--space', 's', '--limit', '500'], /^nexus\.validation_failed: .*limit/],
    [['x', '--space', 's', '--mode', 'fuzzy'], /^nexus\.validation_failed: .*mode/],
    [['x', '--space', 's', '--frobnicate'], /^cli\.usage: .*--frobnicate/],
  ])('refuses %j without asking the server', async (argv, words) => {
    const edge = await startFakeEdge(() => page([], null));
    const { code, out, err } = await ask(edge, argv);
    expect({ code, out, asked: edge.seen.length }).toEqual({ code: 1, out: '', asked: 0 });
    expect(err).toMatch(words);
  });

  test('ends with 1, the code, the message and every issue that the server tells', async () => {
    const issues = [
      { path: 'a', message: 'one' },
      { path: 'b', message: 'two' },
    ];
    const error = { code: 'nexus.validation_failed', message: 'Bad.', http_status: 422, request_id: 'r', retryable: false, details: { issues } };
    const edge = await startFakeEdge(() => ({ status: 422, body: JSON.stringify({ error }) }));
    expect(await ask(edge, ['x', '--space', 's'])).toEqual({ code: 1, out: '', err: 'nexus.validation_failed: Bad.\n  a: one\n  b: two\n' });
  });
});
