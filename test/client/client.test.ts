import { describe, expect, test } from 'vitest';
import { createNexus, NexusTimeoutError } from '../../client/index.ts';
import { type Answering, bodyOf, hit, json, page, startFakeEdge, task } from './fake-edge.ts';

const against = async (answering: Answering, context: { env?: string; projectId?: string; surfaceId?: string } = {}) => {
  const edge = await startFakeEdge(answering);
  let nowMs = 0;
  const sleep = async (ms: number) => {
    nowMs += ms;
  };
  return { edge, nexus: createNexus({ url: `${edge.url}/`, token: 'tok', sleep, now: () => nowMs, ...context }) };
};

const collected = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};

describe('a request', () => {
  test('carries the credential and the choice of context', async () => {
    const { nexus, edge } = await against(() => page([], null), { env: 'staging', projectId: 'p1', surfaceId: 'marketing' });
    await nexus.space('s').query({ query: 'q' });
    expect(edge.seen[0]?.headers).toMatchObject({ authorization: 'Bearer tok', 'x-env': 'staging', 'x-project-id': 'p1', 'x-surface-id': 'marketing' });
  });

  test('leaves the choice of context to the credential when none is given', async () => {
    const { nexus, edge } = await against(() => page([], null));
    await nexus.space('s').query({ query: 'q' });
    expect(Object.keys(edge.seen[0]?.headers ?? {}).filter((name) => name.startsWith('x-'))).toEqual([]);
  });
});

describe('query pages', () => {
  test('follow next_cursor with the same request until there is none', async () => {
    const { nexus, edge } = await against((_, index) => page([hit(`d${index}`, 1 - index / 10)], index < 2 ? `c${index}` : null));
    const pages = await collected(nexus.space('s').pages({ query: 'q', limit: 1, include_global: true }));
    expect(pages.flatMap(({ hits }) => hits.map(({ doc_id }) => doc_id))).toEqual(['d0', 'd1', 'd2']);
    const request = { query: 'q', limit: 1, include_global: true };
    expect(edge.seen.map((seen) => bodyOf(seen))).toEqual([request, { ...request, cursor: 'c0' }, { ...request, cursor: 'c1' }]);
  });

  test('are asked for only as far as they are read', async () => {
    const { nexus, edge } = await against(() => page([], 'more'));
    for await (const _ of nexus.space('s').pages({ query: 'q' })) break;
    expect(edge.seen).toHaveLength(1);
  });
});

describe('lists', () => {
  test('of spaces go through all pages, by item or by page', async () => {
    const space = (space_id: string) => ({ space_id, scope: 'tenant', created_at: 'x' });
    const { nexus, edge } = await against(({ query }) =>
      query.cursor === undefined ? json({ spaces: [space('a'), space('b')], next_cursor: 'n' }) : json({ spaces: [space('c')], next_cursor: null }),
    );
    expect((await collected(nexus.spaces({ limit: 2 }))).map(({ space_id }) => space_id)).toEqual(['a', 'b', 'c']);
    expect((await collected(nexus.spaces({ limit: 2 }).pages())).map(({ spaces }) => spaces.length)).toEqual([2, 1]);
    expect(edge.seen.map(({ query }) => query)).toEqual([{ limit: '2' }, { limit: '2', cursor: 'n' }, { limit: '2' }, { limit: '2', cursor: 'n' }]);
  });

  test('of tasks carry their filters', async () => {
    const { nexus, edge } = await against(() => json({ tasks: [task('task_1', 'failed')], next_cursor: null }));
    expect((await collected(nexus.tasks({ space_id: 's', status: 'failed' }))).map(({ task_id }) => task_id)).toEqual(['task_1']);
    expect(edge.seen[0]).toMatchObject({ path: '/nexus/tasks', query: { space_id: 's', status: 'failed' } });
  });
});

describe('waiting for a task', () => {
  test.each(['succeeded', 'partial', 'failed'])('ends when it is %s, and tells every state on the way', async (last) => {
    const states = ['queued', 'running', last];
    const { nexus } = await against((_, index) => json(task('task_1', states[index] ?? last)));
    const told: string[] = [];
    const ended = await nexus.waitForTask('task_1', { onProgress: ({ status }) => told.push(status) });
    expect(ended.status).toBe(last);
    expect(told).toEqual(states);
  });

  test('ends with a timeout when the task does not end in time', async () => {
    const { nexus } = await against(() => json(task('task_1', 'running')));
    await expect(nexus.waitForTask('task_1', { timeoutMs: 5000 })).rejects.toBeInstanceOf(NexusTimeoutError);
  });

  test('ends at once when its caller aborts', async () => {
    const abort = new AbortController();
    const edge = await startFakeEdge(() => json(task('task_1', 'running')));
    const waiting = createNexus({ url: edge.url, token: 'tok' }).waitForTask('task_1', { signal: abort.signal, onProgress: () => abort.abort('stop') });
    await expect(waiting).rejects.toBe('stop');
  });
});

describe('what was accepted', () => {
  test('can be waited for, and looks like the answer of the API', async () => {
    const { nexus, edge } = await against(({ method }, index) =>
      method === 'GET' ? json(task('task_1', index < 3 ? 'running' : 'succeeded')) : json({ task_id: 'task_1' }, 202),
    );
    const accepted = await nexus.space('s').ingest({ documents: [{ text: 'a' }] });
    expect(JSON.stringify(accepted)).toBe('{"task_id":"task_1"}');
    expect((await accepted.read()).status).toBe('running');
    expect((await accepted.wait()).status).toBe('succeeded');
    expect(edge.seen.slice(1).every(({ path }) => path === '/nexus/tasks/task_1')).toBe(true);
  });

  test('of many documents is one task for each request, all told as they are accepted', async () => {
    const { nexus, edge } = await against((_, index) => json({ task_id: `task_${index}` }, 202));
    const told: number[] = [];
    const documents = Array.from({ length: 2500 }, (_, index) => ({ id: `d${index}`, text: 'x' }));
    const tasks = await nexus.space('s').ingestAll(documents, { concurrency: 2, onAccepted: (_, count) => told.push(count) });
    expect(tasks).toHaveLength(3);
    expect(told.sort()).toEqual([1000, 1000, 500]);
    const sent = edge.seen.flatMap((seen) => (bodyOf(seen) as { documents: { id: string }[] }).documents.map(({ id }) => id));
    expect(sent.sort()).toEqual(documents.map(({ id }) => id).sort());
  });
});

describe('a document', () => {
  test.each(['a/b c', '../x', 'a/./b', 'ü?#%'])('of the id %s is asked for under its own path', async (id) => {
    const { nexus, edge } = await against(() => json({}));
    await nexus.space('s').documents.get(id);
    expect(decodeURIComponent(edge.seen[0]?.path ?? '')).toBe(`/nexus/spaces/s/documents/${id}`);
  });
});

describe('a space', () => {
  test('is described and configured in the scope that is asked for', async () => {
    const { nexus, edge } = await against(() => json({ metric: 'cosine' }));
    await nexus.space('s').describe({ scope: 'global' });
    await nexus.space('s').configure({ metric: 'cosine' });
    expect(edge.seen.map(({ method, path, query }) => [method, path, query])).toEqual([
      ['GET', '/nexus/spaces/s', { scope: 'global' }],
      ['PUT', '/nexus/spaces/s', {}],
    ]);
    expect(bodyOf(edge.seen[1])).toEqual({ metric: 'cosine' });
  });

  test('keeps a file name as it is, slashes, spaces and all, and its bytes', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const { nexus, edge } = await against((request) => {
      if (request.method === 'PUT') return json({ name: 'x', ref: 'nexus://x', bytes: 256, sha256: 'ab' });
      return { headers: { etag: '"ab"', 'content-length': '256' }, body: request.method === 'GET' ? 'a'.repeat(256) : '' };
    });
    const { blobs } = nexus.space('s');
    const name = 'a b/ü?#%.pdf';
    expect((await blobs.put(name, bytes, { mediaType: 'application/pdf' })).ref).toBe('nexus://x');
    expect(await blobs.head(name)).toEqual({ bytes: 256, sha256: 'ab' });
    expect(await (await blobs.get(name)).text()).toBe('a'.repeat(256));
    expect(edge.seen[0]?.body.equals(bytes)).toBe(true);
    expect(edge.seen[0]?.headers['content-type']).toBe('application/pdf');
    for (const { path } of edge.seen) expect(decodeURIComponent(path)).toBe(`/nexus/spaces/s/blobs/${name}`);
  });

  test('has no file where the server says 404', async () => {
    const { nexus } = await against(() => ({ status: 404 }));
    expect(await nexus.space('s').blobs.head('a.txt')).toBeUndefined();
  });
});
