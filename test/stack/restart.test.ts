import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processesOf } from './process-tree.ts';
import { type RunningStack, startStack } from './running-stack.ts';
import type { Answer } from './send.ts';

/** Guarantee 1: after a restart of every process the tenant's data is there, and an old cursor still gives the right next page. */

const documents = Array.from({ length: 25 }, (_, i) => ({
  id: `d${i}`,
  text: `${'river '.repeat(1 + (i % 7))}and ${'stone '.repeat(1 + (i % 5))}number ${i}`,
  metadata: { number: i, even: i % 2 === 0 },
}));
const query = { query: 'river stone', limit: 10 };
const key = { 'idempotency-key': 'before-the-restart' };
const keyed = { documents: [{ id: 'keyed', text: 'accepted once' }] };

let stack: RunningStack;
let token: string;
/** What was seen before the restart. */
let before: {
  pids: number[];
  pages: Answer['body'][];
  space: Answer['body'];
  taskId: string;
  spaces: Answer['body'];
  tasks: Answer['body'];
  documents: Answer['body'];
  keyedTask: string;
};

const ask = async (method: string, path: string, body?: unknown): Promise<Answer['body']> => {
  const answer = await stack.call(method, path, { token, body });
  expect(answer.status, answer.text).toBe(200);
  return answer.body;
};

const walkFrom = async (cursor: string | null, page: object = query): Promise<Answer['body'][]> => {
  const pages: Answer['body'][] = [];
  for (let next = cursor; next !== null; next = pages.at(-1).next_cursor) pages.push(await ask('POST', '/nexus/spaces/notes/query', { ...page, cursor: next }));
  return pages;
};
const hitsOf = (pages: Answer['body'][]): unknown[] => pages.flatMap(({ hits }) => hits);

beforeAll(async () => {
  stack = await startStack();
  token = await stack.token({ tenant: 't_a' });
  const task = await stack.ingestAndWait(token, 'notes', { documents });
  await stack.ingestAndWait(token, 'pruned', { documents });
  const deleted = await stack.call('DELETE', '/nexus/spaces/pruned/documents/d7', { token });
  await stack.waitForTask(token, deleted.body.task_id);
  await stack.ingestAndWait(token, 'other', { documents: [{ id: 'x', text: 'elsewhere' }] });
  expect(
    (await stack.call('PUT', '/nexus/spaces/notes/blobs/folder/a.txt', { token, body: 'bytes of a file', headers: { 'content-type': 'text/plain' } })).status,
  ).toBe(200);
  const accepted = await stack.call('POST', '/nexus/spaces/keyed/ingest', { token, body: keyed, headers: key });
  await stack.waitForTask(token, accepted.body.task_id);
  const first = await ask('POST', '/nexus/spaces/notes/query', query);
  before = {
    pids: (await processesOf(stack)).map(({ pid }) => pid),
    pages: [first, ...(await walkFrom(first.next_cursor))],
    space: await ask('GET', '/nexus/spaces/notes'),
    taskId: task.task_id,
    spaces: await ask('GET', '/nexus/spaces?limit=1'),
    tasks: await ask('GET', '/nexus/tasks?limit=1'),
    documents: await ask('GET', '/nexus/spaces/pruned/documents?limit=10'),
    keyedTask: accepted.body.task_id,
  };
  await stack.stop();
  stack = await stack.startAgain();
});
afterAll(() => stack?.remove());

describe('after a restart of every process', () => {
  test('no process is one of before', async () => {
    const now = (await processesOf(stack)).map(({ pid }) => pid);
    expect(now.length).toBeGreaterThanOrEqual(3);
    expect(now.filter((pid) => before.pids.includes(pid))).toEqual([]);
  });

  test('every document is there, found in the same order with the same scores, at the same version', async () => {
    const first = await ask('POST', '/nexus/spaces/notes/query', query);
    const pages = [first, ...(await walkFrom(first.next_cursor))];
    expect(hitsOf(pages)).toEqual(hitsOf(before.pages));
    expect(new Set(hitsOf(pages).map((hit) => (hit as { doc_id: string }).doc_id)).size).toBe(documents.length);
    expect(await ask('GET', '/nexus/spaces/notes')).toEqual(before.space);
  });

  test('an old cursor gives the page that followed, and the walk goes on to its end', async () => {
    const [first, ...rest] = before.pages;
    expect(rest.length).toBe(2);
    expect(hitsOf(await walkFrom(first.next_cursor))).toEqual(hitsOf(rest));
  });

  test('an old cursor gives that page also when documents were added and replaced in between', async () => {
    const changed = [
      { id: 'd3', text: 'river stone river stone', metadata: { number: 3, even: false } },
      { id: 'new', text: 'river stone', metadata: { number: 100, even: true } },
    ];
    await stack.ingestAndWait(token, 'notes', { documents: changed });
    const [first, ...rest] = before.pages;
    expect(hitsOf(await walkFrom(first.next_cursor))).toEqual(hitsOf(rest));
    const fresh = await ask('POST', '/nexus/spaces/notes/query', { ...query, limit: 100 });
    expect(fresh.hits.map(({ doc_id }: { doc_id: string }) => doc_id)).toContain('new');
  });

  test('old cursors of lists go on where they were', async () => {
    const spaces = await ask('GET', `/nexus/spaces?limit=1&cursor=${before.spaces.next_cursor}`);
    expect([before.spaces.spaces[0].space_id, spaces.spaces[0].space_id]).toEqual(['keyed', 'notes']);
    const tasks = await ask('GET', `/nexus/tasks?limit=1&cursor=${before.tasks.next_cursor}`);
    expect([before.tasks.tasks[0].space_id, tasks.tasks[0].space_id]).toEqual(['keyed', 'other']);
  });

  test('what was deleted stays deleted, and an old cursor of the list of documents gives the rest', async () => {
    expect((await stack.call('GET', '/nexus/spaces/pruned/documents/d7', { token })).status).toBe(404);
    const ids = before.documents.documents.map(({ doc_id }: { doc_id: string }) => doc_id);
    for (let cursor = before.documents.next_cursor; cursor !== null; ) {
      const page = await ask('GET', `/nexus/spaces/pruned/documents?limit=10&cursor=${cursor}`);
      ids.push(...page.documents.map(({ doc_id }: { doc_id: string }) => doc_id));
      cursor = page.next_cursor;
    }
    expect(ids.sort()).toEqual(
      documents
        .map(({ id }) => id)
        .filter((id) => id !== 'd7')
        .sort(),
    );
  });

  test('tasks, files and remembered keys are there', async () => {
    expect(await ask('GET', `/nexus/tasks/${before.taskId}`)).toMatchObject({ status: 'succeeded', counts: { documents: 25, written: 25 } });
    expect((await stack.call('GET', '/nexus/spaces/notes/blobs/folder/a.txt', { token })).text).toBe('bytes of a file');
    const repeated = await stack.call('POST', '/nexus/spaces/keyed/ingest', { token, body: keyed, headers: key });
    expect([repeated.status, repeated.body.task_id]).toEqual([202, before.keyedTask]);
  });
});
