import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { maintain } from '../../runner/store/maintain.ts';
import { spaceKey } from '../../shared/space-key.ts';
import { hopsOf, type LoggedRequest } from '../fakes/object-store/request-log.ts';
import { type Door, objectStore, serveObjects } from '../fakes/object-store/serve.ts';
import { caller, type RunningRunner, startRunner } from '../runner/running-runner.ts';

/**
 * What each operation asks of an object store, counted at the fake: on object storage that is both the latency and the
 * bill. Requests of our own code (records, by JSON) are exact; those of the engine (tables, by XML) are bounds. The same
 * numbers stand in docs/operations.md.
 */

const routes = {
  routes: [
    { id: 'store', kind: 'nexus_store', match: {}, backend: 'lancedb', root: 'gs://bucket/nexus' },
    { id: 'blobs', kind: 'nexus_blob_store', match: {}, backend: 'blob', root: 'gs://bucket/blobs' },
  ],
};
const vectorOf = (index: number): number[] => [Math.sin(index), Math.cos(index), Math.sin(2 * index), 1];
const documentsOf = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `${name}${index}`, text: `kilo tango number ${index}`, vector: vectorOf(index) }));
const queries = {
  vector: { vector: vectorOf(3), mode: 'vector' },
  text: { query: 'tango', mode: 'text' },
  hybrid: { query: 'tango', vector: vectorOf(3) },
};
/** Each of words and numbers of its own. */
const another = (kind: keyof typeof queries, index: number): object => {
  const [query, vector] = [`number ${index}`, vectorOf(index / 7)];
  return { vector: { vector, mode: 'vector' }, text: { query, mode: 'text' }, hybrid: { query, vector } }[kind];
};

let door: Door;
let writer: RunningRunner;
const start = (): Promise<RunningRunner> => startRunner({ routes, env: { NEXUS_GCS_ENDPOINT: door.url } });

beforeAll(async () => {
  door = await serveObjects(objectStore(['bucket']));
  writer = await start();
  for (const space of ['docs', 'other', 'third']) await writer.ingest(space, { documents: documentsOf('d', space === 'docs' ? 600 : 1) });
  const { store, nowMs, queue } = writer.services;
  await queue.withLease(spaceKey(caller(), 'tenant', 'docs'), (place) => maintain({ store, nowMs }, place));
  await quiet();
});
afterAll(async () => {
  await writer.stop();
  await door.close();
});

/** Everything that was asked for has been done, maintenance too: what comes next is the test's alone. */
const quiet = async (): Promise<void> => {
  await vi.waitFor(async () => expect(await readdir(join(writer.folder, 'spool', 'queue'))).toEqual([]), 60_000);
  await writer.services.queue.drained();
};

interface Asked {
  /** What our own code asked, in order. */
  records: string[];
  /** How much the engine asked. */
  tables: number;
  bytes: number;
}

const asked = (entries: readonly LoggedRequest[]): Asked => ({
  records: entries.filter(({ api }) => api === 'json').map(({ operation }) => operation),
  tables: entries.filter(({ api }) => api === 'xml').length,
  bytes: entries.reduce((sum, { bytesOut }) => sum + bytesOut, 0),
});
const askedBy = async (work: () => Promise<unknown>): Promise<Asked> => {
  door.log.clear();
  await work();
  return asked(door.log.entries);
};
const query = async (runner: RunningRunner, request: object, space = 'docs') => {
  const answer = await runner.call('POST', `/nexus/spaces/${space}/query`, request);
  expect(answer.status).toBe(200);
  return answer.body;
};
/** Asks one thing after another, often enough for what is read beside them, until the engine asks for no more than this. */
const warmed = async (runner: RunningRunner, space: string, kind: keyof typeof queries, most: number): Promise<void> => {
  let index = 0;
  while (index < 5) await query(runner, another(kind, ++index), space);
  await vi.waitFor(async () => expect((await askedBy(() => query(runner, another(kind, ++index), space))).tables).toBeLessThanOrEqual(most), 10_000);
  // What is read beside the queries has come to its end.
  await vi.waitFor(async () => expect((await askedBy(() => sleep(50))).tables).toBe(0), 10_000);
};

describe.each([
  // Without an index the vectors are read each time.
  ['vector', { first: 8, warm: 1 }],
  ['text', { first: 17, warm: 0 }],
  ['hybrid', { first: 18, warm: 1 }],
] as const)('a %s query', (kind, most) => {
  let fresh: RunningRunner;
  beforeAll(async () => {
    fresh = await start();
  });
  afterAll(async () => {
    door.faults.latencyMs = 0;
    await fresh.stop();
  });

  test('that is the first of its process finds the head by a list and a read, and opens the table', async () => {
    const { records, tables } = await askedBy(() => query(fresh, queries[kind]));
    expect(records).toEqual(['list', 'get']);
    expect(tables).toBeLessThanOrEqual(most.first);
  });

  test('that nobody asked before asks, when others have been asked, once for a newer head, and waits for nothing else', async () => {
    await warmed(fresh, 'docs', kind, most.warm);
    door.faults.latencyMs = 30;
    const { records, tables } = await askedBy(() => query(fresh, another(kind, 300)));
    expect([records, hopsOf(door.log.entries)]).toEqual([['get'], 1]);
    expect(tables).toBeLessThanOrEqual(most.warm);
  });

  test('that is eventual as well asks for no record at all', async () => {
    const { records, tables } = await askedBy(() => query(fresh, { ...another(kind, 400), consistency: 'eventual' }));
    expect(records).toEqual([]);
    expect(tables).toBeLessThanOrEqual(most.warm);
    door.faults.latencyMs = 0;
  });

  test('explains with the same numbers', async () => {
    await query(fresh, queries[kind]);
    door.log.clear();
    const { explain } = await query(fresh, { ...queries[kind], explain: true });
    // What the indexes are is asked after the counting.
    const { records } = asked(door.log.entries);
    expect(explain.object_store.records).toEqual({ requests: records.length, bytes: 0, counted: 'query' });
    const { requests, bytes, counted } = explain.object_store.tables;
    expect(counted).toBe('process');
    expect(requests).toBeLessThanOrEqual(door.log.entries.filter(({ api }) => api === 'xml').length);
    // None when everything that is asked for is in memory.
    expect(bytes > 0).toBe(requests > 0);
    expect(explain.indexes.tenant).toContainEqual(expect.objectContaining({ kind: 'FTS', rows: 600, unindexed_rows: 0 }));
  });
});

test('a strong query sees what another process has published, however long the store takes to tell of it', async () => {
  const reading = await start();
  try {
    const walk = { query: 'zulu', mode: 'text', limit: 2 };
    const ask = async () => (await reading.call('POST', '/nexus/spaces/third/query', { query: 'zulu', mode: 'text' })).body;
    const page = async (cursor?: string) => reading.call('POST', '/nexus/spaces/third/query', { ...walk, cursor });
    expect((await ask()).hits).toEqual([]);
    for (let round = 0; round < 5; round++) {
      await writer.ingest('third', { documents: [{ id: `z${round}`, text: 'zulu', vector: vectorOf(round) }] });
      door.faults.latencyMs = 20;
      const { hits, snapshot } = await ask();
      door.faults.latencyMs = 0;
      expect(hits).toHaveLength(round + 1);
      expect(snapshot).toEqual((await writer.call('POST', '/nexus/spaces/third/query', { query: 'zulu', mode: 'text' })).body.snapshot);
    }
    // What is in memory keeps to its walk while others write, and ends with its space.
    const first = (await page()).body;
    await writer.ingest('third', { documents: [{ id: 'a-late-one', text: 'zulu zulu', vector: vectorOf(9) }] });
    const second = (await page(first.next_cursor)).body;
    const ids = [...first.hits, ...second.hits].map(({ doc_id }: { doc_id: string }) => doc_id);
    expect([ids.toSorted(), second.snapshot]).toEqual([['z0', 'z1', 'z2', 'z3'], first.snapshot]);
    await writer.call('DELETE', '/nexus/spaces/third');
    await quiet();
    door.faults.latencyMs = 20;
    const late = await page(second.next_cursor);
    expect([late.status, late.body.error?.code]).toEqual([410, 'nexus.cursor_invalid']);
    expect((await ask()).hits).toEqual([]);
  } finally {
    door.faults.latencyMs = 0;
    await reading.stop();
  }
});

test('opening a table in a process that has not seen its space: two requests for the head, four for the version', async () => {
  const fresh = await start();
  try {
    const { door: data } = fresh.services;
    const key = spaceKey(caller(), 'tenant', 'docs');
    const opened = await askedBy(async () => {
      const head = await data.head(key);
      if (head === undefined) throw new Error('there is a head');
      await data.reader(key, head, head);
    });
    expect(opened.records).toEqual(['list', 'get']);
    expect(opened.tables).toBeLessThanOrEqual(4);
  } finally {
    await fresh.stop();
  }
});

test('a list of spaces costs one request, and two for each space that the process has not seen', async () => {
  const fresh = await start();
  try {
    const list = () => fresh.call('GET', '/nexus/spaces');
    expect((await askedBy(list)).records.toSorted()).toEqual(['get', 'get', 'get', 'list', 'list', 'list', 'list']);
    expect((await askedBy(list)).records.toSorted()).toEqual(['get', 'get', 'get', 'list']);
  } finally {
    await fresh.stop();
  }
});

test('a page of documents asks once for a newer head', async () => {
  const list = () => writer.call('GET', '/nexus/spaces/other/documents?limit=10');
  await list();
  const { records, tables } = await askedBy(list);
  expect(records).toEqual(['get']);
  expect(tables).toBeLessThanOrEqual(4);
});

describe('an ingest', () => {
  /** From the request to the lease given back, nobody polling meanwhile. */
  const ingest = async (documents: unknown[]): Promise<Asked> => {
    await quiet();
    return askedBy(async () => {
      expect((await writer.call('POST', '/nexus/spaces/docs/ingest', { documents })).status).toBe(202);
      await vi.waitFor(() => expect(door.log.entries.filter(({ name, operation }) => operation === 'put' && name.includes('/lease/'))).toHaveLength(2), 20_000);
      await writer.services.queue.drained();
      await vi.waitFor(() => expect(door.log.entries.some(({ name, operation }) => operation === 'put' && name.endsWith('/result.json'))).toBe(true), 20_000);
    });
  };

  test('of one document costs 12 requests for records, of which 6 are writes, and 8 for its commit', async () => {
    const { records, tables } = await ingest(documentsOf('one', 1));
    expect(records.filter((operation) => operation === 'put')).toHaveLength(6);
    expect(records).toHaveLength(12);
    expect(tables).toBeLessThanOrEqual(8);
  });

  test('of a hundred documents is one commit like that of one', async () => {
    const { records, tables } = await ingest(documentsOf('many', 100));
    expect(records).toHaveLength(12);
    expect(tables).toBeLessThanOrEqual(8);
  });

  test('of many requests that wait together is one commit: the lease taken and given back, one head', async () => {
    const key = spaceKey(caller(), 'tenant', 'docs');
    const seq = Date.now() * 1000;
    const { queue } = writer.services;
    await quiet();
    const remove = (index: number) =>
      queue.submit(key, { kind: 'delete', seq: seq + index, task_id: `task_${'0'.repeat(30)}${10 + index}`, epoch: 1, doc_ids: [`d${index}`] });
    await askedBy(async () => {
      await Promise.all(Array.from({ length: 20 }, (_, index) => remove(index)));
      await queue.drained();
    });
    const written = (part: string) => door.log.entries.filter(({ operation, name }) => operation === 'put' && name.includes(part)).length;
    expect([written('/lease/'), written('/head/')]).toEqual([2, 1]);
  });
});

test('of a space with a vector index a warm query asks the engine for nothing that is not in memory', async () => {
  for (let part = 0; part < 3; part++) await writer.ingest('large', { documents: documentsOf(`p${part}-`, 700) });
  const { store, nowMs, queue } = writer.services;
  await queue.withLease(spaceKey(caller(), 'tenant', 'large'), (place) => maintain({ store, nowMs }, place));
  await quiet();
  const fresh = await start();
  try {
    await warmed(fresh, 'large', 'hybrid', 0);
    door.faults.latencyMs = 30;
    const strong = await askedBy(() => query(fresh, another('hybrid', 500), 'large'));
    expect([strong.records, strong.tables]).toEqual([['get'], 0]);
    const eventual = await askedBy(() => query(fresh, { ...another('hybrid', 600), consistency: 'eventual' }, 'large'));
    expect([eventual.records, eventual.tables]).toEqual([[], 0]);
  } finally {
    door.faults.latencyMs = 0;
    await fresh.stop();
  }
});
