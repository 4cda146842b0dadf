import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DocumentOrRefusal } from '../../client/cli/ingest/json-documents.ts';
import { listFiles } from '../../client/cli/ingest/list-files.ts';
import { readDocuments, type Upload } from '../../client/cli/ingest/read-documents.ts';
import { limits } from '../../shared/limits.ts';
import { temporaryFolder, writeFiles } from './command-line.ts';

const noUpload: Upload = async () => {
  throw new Error('nothing to upload here');
};

/** Everything that is read of the paths in a folder with these files. */
const readAll = async (files: Record<string, string | Uint8Array>, paths: string[], upload = noUpload): Promise<DocumentOrRefusal[]> => {
  const folder = await temporaryFolder();
  await writeFiles(folder, files);
  const read: DocumentOrRefusal[] = [];
  for (const file of (await listFiles(paths, folder)).files) for await (const one of readDocuments(file, upload)) read.push(one);
  return read;
};

const base64 = (content: string | Uint8Array): string => Buffer.from(content).toString('base64');

describe('files of a folder', () => {
  test('are named by their path below its parent, with / between, in order', async () => {
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'docs/b.md': '', 'docs/a/z.txt': '', 'docs/a/deep/y.txt': '', 'README.md': '' });
    const ids = async (paths: string[], cwd = folder) => (await listFiles(paths, cwd)).files.map(({ id }) => id);
    expect(await ids(['README.md', 'docs/'])).toEqual(['README.md', 'docs/a/deep/y.txt', 'docs/a/z.txt', 'docs/b.md']);
    expect(await ids(['docs/a/'])).toEqual(['a/deep/y.txt', 'a/z.txt']);
    expect(await ids([join(folder, 'docs/b.md')])).toEqual(['b.md']);
    expect(await ids(['.'], join(folder, 'docs'))).toEqual(['docs/a/deep/y.txt', 'docs/a/z.txt', 'docs/b.md']);
    expect(await ids(['../b.md'], join(folder, 'docs/a'))).toEqual(['b.md']);
  });

  test('leave out dotfiles, node_modules and links', async () => {
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'd/.git/config': '', 'd/.env': '', 'd/node_modules/x/readme.md': '', 'd/kept.txt': '' });
    await symlink(folder, join(folder, 'd/loop'));
    expect((await listFiles(['d'], folder)).files.map(({ id }) => id)).toEqual(['d/kept.txt']);
  });

  test('that cannot be opened by their name are told by themselves, and the others are listed', async () => {
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'd/a.txt': '', 'd/b.txt': '' });
    await writeFile(Buffer.concat([Buffer.from(join(folder, 'd/caf')), Buffer.from([0xe9]), Buffer.from('.txt')]), '');
    const { files, refused } = await listFiles(['d'], folder);
    expect(files.map(({ id }) => id)).toEqual(['d/a.txt', 'd/b.txt']);
    expect(refused).toEqual([{ doc_id: expect.stringContaining('caf'), code: 'cli.unreadable', message: expect.stringContaining('not UTF-8') }]);
  });

  test('are not looked for at all when one of the paths does not exist', async () => {
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'a.txt': '' });
    await expect(listFiles(['a.txt', 'b.txt'], folder)).rejects.toMatchObject({ code: 'cli.path_not_found', message: expect.stringContaining('b.txt') });
  });
});

describe('a file', () => {
  test('is sent byte for byte, whatever its encoding', async () => {
    const utf16 = Uint8Array.from([0xff, 0xfe, 0x68, 0x00, 0xe9, 0x00, 0x00, 0xd8]);
    expect(await readAll({ 'd/u.txt': utf16 }, ['d'])).toEqual([
      { document: { id: 'd/u.txt', metadata: { path: 'd/u.txt' }, content: { media_type: 'text/plain', data_base64: base64(utf16) } } },
    ]);
  });

  test('of Markdown has its first heading as title', async () => {
    const text = 'intro\n\n# The *storage* #\n\n# Other\n';
    expect(await readAll({ 'a.md': text }, ['a.md'])).toEqual([
      { document: { id: 'a.md', metadata: { path: 'a.md', title: 'The *storage*' }, content: { media_type: 'text/markdown', data_base64: base64(text) } } },
    ]);
  });

  test.each([
    ['a.PDF', 'application/pdf'],
    ['a.docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
    ['a.htm', 'text/html'],
    ['a.bin', 'application/octet-stream'],
    ['LICENSE', 'application/octet-stream'],
  ])('%s is said to be %s', async (name, mediaType) => {
    expect(await readAll({ [name]: 'x' }, [name])).toMatchObject([{ document: { content: { media_type: mediaType } } }]);
  });

  test('that is large is uploaded, and its document names the upload', async () => {
    const bytes = new Uint8Array(limits.cliInlineFileBytes + 1).fill(65);
    const uploads: unknown[] = [];
    const upload: Upload = async (name, sent, mediaType) => {
      uploads.push([name, sent.length, mediaType]);
      return 'nexus://there';
    };
    expect(await readAll({ 'd/big.txt': bytes }, ['d'], upload)).toEqual([
      { document: { id: 'd/big.txt', metadata: { path: 'd/big.txt' }, blob_ref: 'nexus://there' } },
    ]);
    expect(uploads).toEqual([['d/big.txt', bytes.length, 'text/plain']]);
  });

  test('that is larger than an upload may be is refused alone', async () => {
    const read = await readAll({ 'd/a.txt': new Uint8Array(limits.blobBytes + 1), 'd/b.txt': 'x' }, ['d']);
    expect(read).toMatchObject([{ refused: { doc_id: 'd/a.txt', code: 'nexus.payload_too_large' } }, { document: { id: 'd/b.txt' } }]);
  });

  test('whose name is no document id is refused alone', async () => {
    const name = `d/${'n'.repeat(250)}.txt`.replace('.txt', '.t');
    const read = await readAll({ [`${'p'.repeat(20)}/${name}`]: 'x', [`${'p'.repeat(20)}/z.txt`]: 'x' }, ['p'.repeat(20)]);
    expect(read).toMatchObject([{ refused: { code: 'nexus.validation_failed' } }, { document: { id: `${'p'.repeat(20)}/z.txt` } }]);
  });
});

describe('a .jsonl', () => {
  const lines = (...values: unknown[]): string => values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join('\n');

  test('in the layout of BEIR gives a document a line, its title in the text and in the metadata', async () => {
    const corpus = lines(
      { _id: '7', title: 'Shock waves', text: 'A study.', metadata: { year: 1953, tags: ['x'] } },
      { _id: 8, title: '', text: 'No title.', metadata: {} },
      { _id: '9', text: 'Neither.' },
    );
    expect(await readAll({ 'corpus.jsonl': corpus }, ['corpus.jsonl'])).toEqual([
      { document: { id: '7', text: 'Shock waves\n\nA study.', metadata: { year: 1953, tags: ['x'], title: 'Shock waves' } } },
      { document: { id: '8', text: 'No title.' } },
      { document: { id: '9', text: 'Neither.' } },
    ]);
  });

  test('with documents gives them as they are, past a byte order mark and empty lines', async () => {
    const documents = [{ id: 'a', text: 'x', type: 'note', metadata: { k: true } }, { text: 'without id' }, { id: 'v', vector: [0.5, 1] }];
    const read = await readAll({ 'd.jsonl': `\uFEFF${lines(documents[0], '', documents[1], '  ', documents[2])}\r\n` }, ['d.jsonl']);
    expect(read).toEqual(documents.map((document) => ({ document })));
  });

  test('with a bad line loses that line alone, told with its number', async () => {
    const read = await readAll({ 'd.jsonl': lines({ id: 'a', text: 'x' }, '{"id": ', { id: 'b', txt: 'y' }, { id: 'c', text: 'z' }) }, ['d.jsonl']);
    expect(read).toMatchObject([
      { document: { id: 'a' } },
      { refused: { code: 'nexus.malformed_json', message: expect.stringMatching(/^d\.jsonl:2: /) } },
      { refused: { code: 'nexus.validation_failed', message: expect.stringMatching(/^d\.jsonl:3: .*txt/) } },
      { document: { id: 'c' } },
    ]);
  });
});

describe('a .json', () => {
  test.each([
    ['a document', { id: 'a', text: 'x' }, ['a']],
    [
      'a list of documents',
      [
        { id: 'a', text: 'x' },
        { _id: 'b', text: 'y' },
      ],
      ['a', 'b'],
    ],
  ])('that is %s gives them', async (_, value, ids) => {
    const read = await readAll({ 'd.json': JSON.stringify(value) }, ['d.json']);
    expect(read.map((one) => 'document' in one && one.document.id)).toEqual(ids);
  });

  test.each(['{"name": "nexus"}', '[]', '[1, 2]', '[{"id": "a", "text": "x"}, {"name": "b"}]'])('that is %s is a file like any other', async (text) => {
    expect(await readAll({ 'd.json': text }, ['d.json'])).toEqual([
      { document: { id: 'd.json', metadata: { path: 'd.json' }, content: { media_type: 'application/json', data_base64: base64(text) } } },
    ]);
  });

  test('that is broken is refused with the place where it breaks, not read as text', async () => {
    const [one, ...rest] = await readAll({ 'd/bad.json': '{\n  "title": "x",\n  "tags": [1, 2\n}' }, ['d']);
    expect(rest).toEqual([]);
    expect(one).toEqual({ refused: { doc_id: 'd/bad.json', code: 'nexus.malformed_json', message: expect.stringMatching(/line 4 column 1/) } });
  });

  test('in another encoding than UTF-8 is left for the runner to read', async () => {
    const bytes = new Uint8Array(Buffer.from('\ufeff{"a": "ü"}', 'utf16le'));
    expect(await readAll({ 'd/a.json': bytes }, ['d'])).toMatchObject([{ document: { id: 'd/a.json', content: { data_base64: base64(bytes) } } }]);
  });
});

test('a file that has gone by the time it is read is refused alone', async () => {
  const folder = await temporaryFolder();
  for (const name of ['gone.txt', 'gone.jsonl', 'gone.json']) {
    const read: DocumentOrRefusal[] = [];
    for await (const one of readDocuments({ path: join(folder, name), id: name, bytes: 1 }, noUpload)) read.push(one);
    expect(read).toEqual([{ refused: { doc_id: name, code: 'cli.unreadable', message: 'It cannot be read (ENOENT).' } }]);
  }
});
