import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startAzurite } from '../fakes/azurite.ts';
import { objectStore, serveObjects } from '../fakes/object-store/serve.ts';
import { type RunningRunner, startRunner } from '../runner/running-runner.ts';
import { s3Variables } from './fake-places.ts';

const startFake = async (variables: (url: string) => Record<string, string | undefined>) => {
  const door = await serveObjects(objectStore(['bucket']));
  return { variables: variables(door.url), stop: () => door.close() };
};

const stores: [string, string, () => Promise<{ variables: Record<string, string | undefined>; stop: () => Promise<void> }>][] = [
  ['the GCS fake', 'gs', () => startFake((url) => ({ NEXUS_GCS_ENDPOINT: url }))],
  ['the S3 fake', 's3', () => startFake(s3Variables)],
  ['Azurite', 'az', () => startAzurite(['bucket'])],
];

describe.each(stores)('with tables, records and blobs on %s', (_, scheme, start) => {
  let store: Awaited<ReturnType<typeof start>>;
  let runner: RunningRunner;
  beforeAll(async () => {
    store = await start();
    const routes = [
      { id: 'store', kind: 'nexus_store', match: {}, backend: 'lancedb', root: `${scheme}://bucket/nexus` },
      { id: 'blobs', kind: 'nexus_blob_store', match: {}, backend: 'blob', root: `${scheme}://bucket/blobs` },
    ];
    runner = await startRunner({ routes: { routes }, env: store.variables });
  });
  afterAll(async () => {
    await runner.stop();
    await store.stop();
  });

  test('a document goes in, is found, replaced, listed, read and deleted, also by a second runner', async () => {
    const path = '/nexus/spaces/docs';
    expect(
      await runner.ingest('docs', {
        documents: [
          { id: 'a', text: 'the first words', metadata: { year: 1 } },
          { id: 'b', text: 'other matters' },
        ],
      }),
    ).toMatchObject({
      status: 'succeeded',
      counts: { written: 2 },
    });
    expect(await runner.ingest('docs', { documents: [{ id: 'a', text: 'second thoughts', metadata: { year: 2 } }] })).toMatchObject({ status: 'succeeded' });
    const found = await runner.call('POST', `${path}/query`, { query: 'thoughts', mode: 'text' });
    expect(found.body.hits.map(({ id, text }: { id: string; text: string }) => [id, text])).toEqual([['a#0', 'second thoughts']]);
    expect((await runner.call('GET', `${path}/documents?limit=1`)).body.documents.map(({ doc_id }: { doc_id: string }) => doc_id)).toEqual(['a']);
    expect((await runner.call('GET', `${path}/documents/b?include=text`)).body.text).toBe('other matters');
    expect((await runner.call('GET', '/nexus/spaces')).body.spaces.map(({ space_id }: { space_id: string }) => space_id)).toEqual(['docs']);

    const upload = await runner.call('PUT', `${path}/blobs/file.txt`, new TextEncoder().encode('an uploaded file'), {
      headers: { 'content-type': 'text/plain' },
    });
    expect(upload.status).toBe(200);
    expect((await runner.call('GET', `${path}/blobs/file.txt`, undefined, { headers: { range: 'bytes=3-10' } })).body).toBe('uploaded');
    expect(await runner.ingest('docs', { documents: [{ id: 'c', blob_ref: 'nexus://file.txt' }] })).toMatchObject({ status: 'succeeded' });

    const second = await startRunner({ routes: runner.services.registry(), env: store.variables });
    try {
      const { body } = await second.call('POST', `${path}/query`, { query: 'uploaded', mode: 'text' });
      expect(body.hits.map(({ doc_id }: { doc_id: string }) => doc_id)).toEqual(['c']);
      const { body: accepted } = await second.call('DELETE', `${path}/documents/a`);
      const after = await runner.call('POST', `${path}/query`, { query: 'thoughts', after_task: accepted.task_id });
      expect(after.status).toBe(200);
      expect((await runner.call('GET', `${path}/documents`)).body.documents.map(({ doc_id }: { doc_id: string }) => doc_id)).toEqual(['b', 'c']);
    } finally {
      await second.stop();
    }
  });

  test('a space that nobody has written to is empty', async () => {
    const { status, body } = await runner.call('POST', '/nexus/spaces/nobodys/query', { query: 'x' });
    expect([status, body.hits]).toEqual([200, []]);
  });

  test('a deleted space begins anew', async () => {
    await runner.ingest('again', { documents: [{ id: 'a', text: 'one life' }] });
    const { body } = await runner.call('DELETE', '/nexus/spaces/again');
    await runner.call('POST', '/nexus/spaces/again/query', { query: 'x', after_task: body.task_id });
    await runner.ingest('again', { documents: [{ id: 'b', text: 'another life' }] });
    const found = await runner.call('POST', '/nexus/spaces/again/query', { query: 'life' });
    expect(found.body.hits.map(({ doc_id }: { doc_id: string }) => doc_id)).toEqual(['b']);
  });
});

test('a store that stops answering is a 503 that may be tried again, for records and for tables, and is forgotten when it answers', async () => {
  const door = await serveObjects(objectStore(['bucket']));
  const routes = [
    { id: 'store', kind: 'nexus_store', match: {}, backend: 'lancedb', root: 'gs://bucket/nexus' },
    { id: 'blobs', kind: 'nexus_blob_store', match: {}, backend: 'blob', root: 'gs://bucket/blobs' },
  ];
  const runner = await startRunner({ routes: { routes }, env: { NEXUS_GCS_ENDPOINT: door.url } });
  try {
    // More than the engine keeps of a small file.
    await runner.ingest('docs', { documents: Array.from({ length: 400 }, (_, index) => ({ id: `d${index}`, text: `some words ${index}` })) });
    const query = (consistency: string, select = ['vector']) =>
      runner.call('POST', '/nexus/spaces/docs/query', { query: 'words', mode: 'text', consistency, select });
    expect((await query('strong')).body.hits).toHaveLength(10);
    door.faults = { ...door.faults, rate: 1, kinds: ['unavailable'] };
    // What is in memory is answered to who does not ask whether it is the newest.
    expect((await query('eventual', ['text'])).body.hits).toHaveLength(10);
    // The eventual one needs no record: it is the engine that is refused, for vectors are read each time.
    for (const { status, body } of [await query('eventual'), await query('strong')]) {
      expect([status, body.error.code, body.error.retryable]).toEqual([503, 'nexus.upstream_unavailable', true]);
    }
    door.faults = { ...door.faults, rate: 0 };
    expect((await query('strong')).body.hits).toHaveLength(10);
  } finally {
    await runner.stop();
    await door.close();
  }
});
