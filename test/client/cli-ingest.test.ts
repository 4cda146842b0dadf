import { decodeJwt } from 'jose';
import { describe, expect, test } from 'vitest';
import type { IngestBody } from '../../shared/http/ingest.ts';
import { limits } from '../../shared/limits.ts';
import { localStack, nexus, type Ran, temporaryFolder, writeFiles } from './command-line.ts';
import { type Answer, bodyOf, json, type Seen, startFakeEdge, task } from './fake-edge.ts';

/** An edge that accepts everything; tasks of it end as `ended` says, by default with every document written. */
const acceptingEdge = (ended: (taskId: string, body: IngestBody | undefined) => unknown = (taskId, body) => done(taskId, body)) => {
  const bodies = new Map<string, IngestBody>();
  return startFakeEdge(({ method, path, body }): Answer => {
    if (method === 'PUT') return json({ name: 'n', ref: 'nexus://uploaded', bytes: body.length, sha256: 'ab' });
    const taskId = path.split('/').at(-1) ?? '';
    if (method === 'GET') return json(ended(taskId, bodies.get(taskId)));
    const accepted = `task_${bodies.size + 1}`;
    bodies.set(accepted, JSON.parse(body.toString()) as IngestBody);
    return json({ task_id: accepted }, 202);
  });
};

const done = (taskId: string, body: IngestBody | undefined) => {
  const documents = body?.documents.length ?? 0;
  return task(taskId, 'succeeded', { documents, chunks: documents, written: documents });
};

const ingestsOf = (seen: readonly Seen[]): IngestBody[] => seen.filter(({ method }) => method === 'POST').map((request) => bodyOf<IngestBody>(request));

const ingest = async (edge: { url: string }, files: Record<string, string | Uint8Array>, argv: string[]): Promise<Ran> => {
  const cwd = await temporaryFolder();
  await writeFiles(cwd, files);
  return nexus(['ingest', ...argv], { cwd, env: { NEXUS_DATA: await localStack(edge.url) } });
};

describe('nexus ingest', () => {
  test('without --wait prints the ids of the tasks and ends well', async () => {
    const edge = await acceptingEdge();
    const { code, out, err } = await ingest(edge, { 'a.txt': 'x', 'd/b.md': '# B' }, ['a.txt', 'd', '--space', 's']);
    expect({ code, out, err }).toEqual({ code: 0, out: 'task_1\n', err: '' });
    expect(edge.seen[0]?.path).toBe('/nexus/spaces/s/ingest');
    expect(ingestsOf(edge.seen)[0]?.documents.map(({ id }) => id)).toEqual(['a.txt', 'd/b.md']);
  });

  test('with --wait prints the totals of all tasks', async () => {
    const edge = await acceptingEdge();
    const corpus = Array.from({ length: limits.documentsPerRequest + 1 }, (_, index) => JSON.stringify({ _id: index, text: 't' })).join('\n');
    const { code, out, err } = await ingest(edge, { 'corpus.jsonl': corpus }, ['corpus.jsonl', '--space', 's', '--wait']);
    expect({ code, out, err }).toEqual({ code: 0, out: '1001 documents: 1001 written, 0 superseded, 0 failed; 1001 chunks\n', err: '' });
    expect(
      ingestsOf(edge.seen)
        .map(({ documents }) => documents.length)
        .sort(),
    ).toEqual([1, limits.documentsPerRequest]);
  });

  test('with --wait tells every document that failed, by code, and ends with 1', async () => {
    const edge = await acceptingEdge((taskId) =>
      task(taskId, 'partial', { documents: 3, chunks: 1, written: 1, superseded: 1, failed: 1 }, [
        { doc_id: 'd/x.pdf', code: 'nexus.unsupported_media_type', message: 'Cannot\u001b[2J read it.' },
      ]),
    );
    const { code, out, err } = await ingest(edge, { 'd/a.txt': '', 'd/b.txt': '', 'd/x.pdf': '' }, ['d', '--space', 's', '--wait']);
    expect(code).toBe(1);
    expect(out).toBe('3 documents: 1 written, 1 superseded, 1 failed; 1 chunks\n');
    expect(err).toBe('nexus.unsupported_media_type: d/x.pdf: Cannot [2J read it.\n');
  });

  test('with --json prints what the API says, a line per request', async () => {
    const edge = await acceptingEdge();
    const sent = await ingest(edge, { 'a.txt': 'x' }, ['a.txt', '--space', 's', '--json']);
    expect(JSON.parse(sent.out)).toEqual({ task_id: 'task_1' });
    const waited = await ingest(edge, { 'a.txt': 'x' }, ['a.txt', '--space', 's', '--json', '--wait']);
    expect(JSON.parse(waited.out)).toMatchObject({ task_id: 'task_2', status: 'succeeded', counts: { written: 1 } });
  });

  test('sends requests below the size of a batch, and every document once', async () => {
    const edge = await acceptingEdge();
    const text = 'é'.repeat(200_000);
    const corpus = Array.from({ length: 25 }, (_, index) => JSON.stringify({ id: `d${index}`, text })).join('\n');
    await ingest(edge, { 'corpus.jsonl': corpus }, ['corpus.jsonl', '--space', 's']);
    const posts = edge.seen.filter(({ method }) => method === 'POST');
    expect(posts.length).toBeGreaterThan(1);
    for (const { body } of posts) expect(body.length).toBeLessThan(limits.clientBatchBytes + 1024);
    const ids = ingestsOf(edge.seen).flatMap(({ documents }) => documents.map(({ id }) => id));
    expect(new Set(ids).size).toBe(25);
    expect(ids).toHaveLength(25);
  });

  test('uploads large files first and refers to them', async () => {
    const edge = await acceptingEdge();
    await ingest(edge, { 'big.pdf': new Uint8Array(limits.cliInlineFileBytes + 1) }, ['big.pdf', '--space', 's']);
    expect(edge.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(['PUT /nexus/spaces/s/blobs/big.pdf', 'POST /nexus/spaces/s/ingest']);
    expect(ingestsOf(edge.seen)[0]?.documents[0]).toMatchObject({ id: 'big.pdf', blob_ref: 'nexus://uploaded' });
  });

  test('with --global writes and uploads to the shared space, as an admin', async () => {
    const edge = await acceptingEdge();
    await ingest(edge, { 'a.txt': 'x', 'big.txt': new Uint8Array(limits.cliInlineFileBytes + 1) }, ['a.txt', 'big.txt', '--space', 's', '--global']);
    expect(edge.seen.find(({ method }) => method === 'PUT')?.query).toEqual({ scope: 'global' });
    expect(ingestsOf(edge.seen)[0]?.scope).toBe('global');
    expect(decodeJwt(String(edge.seen[0]?.headers.authorization).slice(7))).toMatchObject({ tenant_id: 't_local', roles: ['writer', 'admin'] });
  });

  test('keeps the first of two documents with one id, tells the other, and ends with 1', async () => {
    const edge = await acceptingEdge();
    const { code, err } = await ingest(edge, { 'a/x.md': 'first', 'b/x.md': 'second' }, ['a/x.md', 'b/x.md', '--space', 's', '--wait']);
    expect(code).toBe(1);
    expect(err).toMatch(/^cli\.duplicate_id: x\.md: /);
    expect(ingestsOf(edge.seen).flatMap(({ documents }) => documents)).toHaveLength(1);
  });

  test('sends nothing when a path does not exist', async () => {
    const edge = await acceptingEdge();
    const { code, err } = await ingest(edge, { 'a.txt': 'x' }, ['a.txt', 'missing', '--space', 's']);
    expect(code).toBe(1);
    expect(err).toMatch(/^cli\.path_not_found: .*missing/);
    expect(edge.seen).toEqual([]);
  });

  test('stops at a refused request with its code, and still says which tasks were accepted', async () => {
    const refused = { error: { code: 'nexus.embedding_mismatch', message: 'Other model.', http_status: 409, request_id: 'r', retryable: false } };
    const edge = await startFakeEdge((_, index) => (index === 0 ? json({ task_id: 'task_1' }, 202) : json(refused, 409)));
    const corpus = Array.from({ length: 20_000 }, (_, index) => JSON.stringify({ id: `d${index}`, text: 't' })).join('\n');
    const { code, out, err } = await ingest(edge, { 'corpus.jsonl': corpus }, ['corpus.jsonl', '--space', 's', '--wait']);
    expect({ code, out, err }).toEqual({ code: 1, out: 'task_1\n', err: 'nexus.embedding_mismatch: Other model.\n' });
    expect(edge.seen.length).toBeLessThan(20_000 / limits.documentsPerRequest);
  });

  test('draws progress on a terminal only, and wipes it', async () => {
    const edge = await acceptingEdge();
    const cwd = await temporaryFolder();
    await writeFiles(cwd, { 'a.txt': 'x' });
    const { out, err } = await nexus(['ingest', 'a.txt', '--space', 's', '--wait'], {
      cwd,
      env: { NEXUS_DATA: await localStack(edge.url) },
      interactive: true,
    });
    expect(out).not.toContain('\r');
    expect(err).toContain('100 %');
    expect(err.endsWith('\r\u001b[K')).toBe(true);
  });
});

describe('nexus task', () => {
  test('with --wait ends with 1 when something failed, and tells what', async () => {
    const edge = await startFakeEdge(() =>
      json(task('task_1', 'partial', { documents: 3, written: 1, failed: 2 }, [{ doc_id: 'a', code: 'nexus.validation_failed', message: 'Empty.' }])),
    );
    const env = { NEXUS_DATA: await localStack(edge.url) };
    const waited = await nexus(['task', 'task_1', '--wait'], { env });
    expect(waited).toMatchObject({ code: 1, out: expect.stringContaining('1 written'), err: 'nexus.validation_failed: a: Empty.\n… and 1 more\n' });
    expect((await nexus(['task', 'task_1'], { env })).code).toBe(0);
  });
});
