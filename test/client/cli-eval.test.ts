import { describe, expect, test } from 'vitest';
import { localStack, nexus, temporaryFolder, writeFiles } from './command-line.ts';
import { json, type Seen, startFakeEdge } from './fake-edge.ts';

const lines = (...values: unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');
const collection = {
  'corpus.jsonl': lines(
    { _id: 'd1', title: 'Wings', text: 'Lift.', metadata: { odd: [{ a: 1 }] } },
    { _id: 'd2', title: '', text: 'Drag.' },
    { _id: 3, text: 'Heat.' },
  ),
  'queries.jsonl': lines({ _id: 'q1', text: 'lift' }, { _id: 'q2', text: 'never judged' }, { _id: 'q3', text: 'heat' }),
  'qrels/test.tsv': 'query-id\tcorpus-id\tscore\nq1\td1\t1\nq3\t3\t2\nq3\td2\t0\n',
};
const hit = (doc_id: string) => ({ id: `${doc_id}#0`, doc_id });

/** Finds what is asked for by text, and by vector everything the wrong way round. */
const answering =
  (seen: string[]) =>
  ({ method, path, body }: Seen) => {
    seen.push(`${method} ${path.replace(/eval-[a-z0-9-]+/, 'SCRATCH')}`);
    const request = body.length === 0 ? {} : JSON.parse(String(body));
    if (path.endsWith('/ingest')) return json({ task_id: 'task_1' }, 202);
    if (path.startsWith('/nexus/tasks/'))
      return json({ task_id: 'task_1', status: 'succeeded', counts: { documents: 3, chunks: 3, written: 3, superseded: 0, failed: 0 }, errors: [] });
    if (path.endsWith('/query')) {
      const found = request.query === 'lift' ? ['d1', 'd2'] : ['d2', '3'];
      return json({ hits: (request.mode === 'vector' ? found.toReversed() : found).map(hit), next_cursor: null, snapshot: {}, took_ms: 1 });
    }
    return method === 'DELETE' ? json({ task_id: 'task_2' }, 202) : json({ indexes: [] });
  };

describe('nexus eval', () => {
  test('puts a collection into a space of its own, asks each judged query in each mode, and removes the space', async () => {
    const folder = await temporaryFolder();
    await writeFiles(folder, collection);
    const calls: string[] = [];
    const edge = await startFakeEdge(answering(calls));
    const { code, out, err } = await nexus(['eval', folder, '--json', '--url', edge.url, '--token', 't']);
    expect([code, err]).toEqual([0, '']);
    const second = 1 / Math.log2(3);
    const figures = (ndcg: number, map: number) => ({ 'ndcg@10': ndcg, 'recall@100': 1, map, p50_ms: expect.any(Number) });
    expect(JSON.parse(out)).toEqual({
      documents: 3,
      queries: 2,
      modes: { text: figures((1 + second) / 2, 0.75), hybrid: figures((1 + second) / 2, 0.75), vector: figures((1 + second) / 2, 0.75) },
    });
    expect(calls.filter((call) => call.endsWith('/query'))).toHaveLength(6);
    expect(calls.at(-1)).toBe('DELETE /nexus/spaces/SCRATCH');
    const [ingest] = edge.seen.filter(({ path }) => path.endsWith('/ingest'));
    expect(JSON.parse(String(ingest?.body)).documents).toEqual([
      { id: 'd1', text: 'Wings\n\nLift.' },
      { id: 'd2', text: 'Drag.' },
      { id: '3', text: 'Heat.' },
    ]);
  });

  test('prints a table for people', async () => {
    const folder = await temporaryFolder();
    await writeFiles(folder, collection);
    const edge = await startFakeEdge(answering([]));
    const { out } = await nexus(['eval', folder, '--url', edge.url, '--token', 't']);
    expect(out).toMatch(/^3 documents, 2 queries\n\nmode +ndcg@10 +recall@100 +map +p50 ms\ntext +0\.8155 +1\.0000 +0\.7500 +\d+\.\d\nhybrid .*\nvector .*\n$/);
  });

  test('removes the space also when it fails', async () => {
    const folder = await temporaryFolder();
    await writeFiles(folder, { ...collection, 'corpus.jsonl': '{"_id": "d1", "text": "fine"}\nnot json\n' });
    const calls: string[] = [];
    const edge = await startFakeEdge(answering(calls));
    const { code, out, err } = await nexus(['eval', folder, '--url', edge.url, '--token', 't']);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/cli\.malformed: .*corpus\.jsonl:2 is not/);
    expect(calls.at(-1)).toBe('DELETE /nexus/spaces/SCRATCH');
  });

  test.each([
    [['eval'], {}, /cli\.usage: Say which folder/],
    [['eval', 'FOLDER'], {}, /cli\.unreadable: .*qrels.test\.tsv: a collection is a folder with/],
    [['eval', 'FOLDER'], { ...collection, 'qrels/test.tsv': 'q1 d1 1\n' }, /cli\.malformed: .*test\.tsv:1/],
    [['eval', 'FOLDER'], { ...collection, 'qrels/test.tsv': 'q9\td1\t1\n' }, /cli\.malformed: No query of .* is judged/],
    [['eval', 'FOLDER'], { ...collection, 'queries.jsonl': '{"_id": "q1"}\n' }, /cli\.malformed: .*queries\.jsonl:1/],
  ])('%j says what is wrong with a collection before it sends anything', async (argv, files, says) => {
    const folder = await temporaryFolder();
    await writeFiles(folder, files);
    const edge = await startFakeEdge(() => json({}, 500));
    const data = await localStack(edge.url);
    const { code, out, err } = await nexus([...argv.map((arg) => arg.replace('FOLDER', folder)), '--data', data]);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(says);
    expect(edge.seen).toEqual([]);
  });
});
