import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { draftDocument } from '../../runner/ingest/prepare.ts';
import { column, docxOf, type Line, paragraph, pdfOf } from './file-makers.ts';
import { exampleFile } from './read-file.ts';
import { type RunningRunner, startRunner } from './running-runner.ts';

let runner: RunningRunner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.stop());

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const file = (id: string, bytes: Uint8Array, media_type = 'application/octet-stream') => ({ id, content: { media_type, data_base64: base64(bytes) } });
const query = async (space: string, body: object) => (await runner.call('POST', `/nexus/spaces/${space}/query`, body)).body.hits;
const textOf = async (space: string, id: string): Promise<string> =>
  (await runner.call('GET', `/nexus/spaces/${space}/documents/${id}?include=text`)).body.text;

describe('files of every kind in one request', () => {
  const pages: Line[][] = [
    [['Field guide', 72, 740, 20], ...column(['The heron stands still for', 'hours and then is quick.'], 72, 700)],
    [['Swimmers', 72, 740, 14], ...column(['A grebe carries its young on', 'its back.'], 72, 700)],
  ];
  const documents = [
    file('memo.pdf', exampleFile('fake-memo.pdf')),
    file('birds.pdf', pdfOf(pages, { title: 'Birds of the lake' })),
    file('tables.docx', exampleFile('docx-tables.docx')),
    file('rules.docx', docxOf(paragraph('Swimming is forbidden after dusk.'), 'House rules')),
    file('page.html', exampleFile('fake-html-cp1252.html'), 'text/plain'),
    file('utf-16.txt', exampleFile('fake-text-utf-16.txt')),
    file('data.json', Buffer.from('{"opening": {"monday": "from nine to five"}}')),
    file('locked.pdf', exampleFile('password.pdf')),
    file('empty.txt', new Uint8Array()),
    file('blank.txt', Buffer.from('\n\n\n')),
    file('picture.jpg', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16, 1)),
  ];
  // biome-ignore lint/suspicious/noExplicitAny: the wire is untyped on purpose
  let task: any;
  beforeAll(async () => {
    task = await runner.ingest('files', { documents });
  });

  test('those that cannot be read fail alone, each with its code and its words', () => {
    expect(task.status).toBe('partial');
    expect(task.counts).toMatchObject({ documents: 11, written: 7, failed: 4 });
    expect(Object.fromEntries(task.errors.map(({ doc_id, code }: { doc_id: string; code: string }) => [doc_id, code]))).toEqual({
      'locked.pdf': 'nexus.validation_failed',
      'empty.txt': 'nexus.validation_failed',
      'blank.txt': 'nexus.validation_failed',
      'picture.jpg': 'nexus.unsupported_media_type',
    });
  });

  test.each([
    ['memo.pdf', 'how many blankets and laptops were delivered', '10,000 blankets, and 200 laptops delivered on January 23, 2023', 1],
    ['birds.pdf', 'heron stands still', 'The heron stands still for hours and then is quick.', 1],
    ['birds.pdf', 'grebe carries young on back', 'A grebe carries its young on its back.', 2],
    ['tables.docx', 'lorem ipsum link example', 'Lorem ipsum | A link example', undefined],
    ['rules.docx', 'is swimming forbidden', 'Swimming is forbidden after dusk.', undefined],
    ['page.html', 'schöne Frau Kaffee Kuchen', 'Die schöne Frau hat einen Kaffee mit Kuchen gegessen.', undefined],
    ['utf-16.txt', 'Doylestown', 'Doylestown, PA 18901', undefined],
    ['data.json', 'opening on monday', 'opening.monday: from nine to five', undefined],
  ])('%s: a question about a sentence in it finds it, with page and offsets that give the text exactly', async (id, question, sentence, page) => {
    const [hit] = await query('files', { query: question, limit: 1 });
    expect([hit.doc_id, hit.page]).toEqual([id, page]);
    expect(hit.text).toContain(sentence);
    expect((await textOf('files', id)).slice(hit.offsets.start, hit.offsets.end)).toBe(hit.text);
  });

  test('a file uploaded before is told apart by its name where its bytes leave it open', async () => {
    await runner.call('PUT', '/nexus/spaces/files/blobs/notes/lake.md', Buffer.from('# Lake\n## Depth\nIt is eleven fathoms deep.'), {
      headers: { 'content-type': 'application/octet-stream' },
    });
    expect((await runner.ingest('files', { documents: [{ id: 'lake', blob_ref: 'nexus://notes/lake.md' }] })).status).toBe('succeeded');
    const [hit] = await query('files', { query: 'fathoms', limit: 1 });
    expect([hit.doc_id, hit.source_uri, hit.text]).toEqual(['lake', 'nexus://notes/lake.md', '## Depth\nIt is eleven fathoms deep.']);
  });
});

test('a document with a vector of its own is one passage, whatever file it comes as', async () => {
  const pdf = pdfOf([[['One.', 72, 700]], [['Two.', 72, 700]]]);
  await runner.ingest('vectors', { documents: [{ ...file('a', pdf), vector: [1, 0, 0] }] });
  const hits = await query('vectors', { vector: [1, 0, 0] });
  expect(hits.map(({ text, page }: { text: string; page: number }) => [text, page])).toEqual([['One.\n\nTwo.', 1]]);
});

describe('a long document', () => {
  const sentence = (page: number): string => `Page ${page} is about subject number ${page * 7919}.`;
  const pages = Array.from({ length: 600 }, (_, index) =>
    column([sentence(index + 1), 'It has words in a second line, as pages do,', 'and a third.'], 72, 700),
  );
  const document = file('long.pdf', pdfOf(pages));

  test('comes back whole, each chunk where it says, and none on two pages', async () => {
    const task = await runner.ingest('long', { documents: [document] });
    expect(task).toMatchObject({ status: 'succeeded', counts: { documents: 1, chunks: 600, written: 1 } });
    const text = await textOf('long', 'long.pdf');
    for (const page of [1, 300, 600]) {
      const [hit] = await query('long', { query: String(page * 7919), mode: 'text', limit: 1 });
      expect([hit.page, text.slice(hit.offsets.start, hit.offsets.end)]).toEqual([page, hit.text]);
      expect(hit.text).toContain(sentence(page));
    }
  });

  test('says how far its reading is, while it is read', async () => {
    const { blobsAt, reader } = runner.services;
    const told: number[] = [];
    const deps = { blobs: blobsAt(runner.folder), reader, fields: {} };
    await draftDocument(deps, { ...document, type: 'document' }, {}, { seq: 1, task_id: 'task' }, async (chunks) => void told.push(chunks));
    expect(told.length).toBeGreaterThanOrEqual(4);
    expect(told).toEqual([...new Set(told)].sort((a, b) => a - b));
    expect(told.at(-1)).toBe(600);
  });
});
