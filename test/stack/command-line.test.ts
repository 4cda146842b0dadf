import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commonStack, newTenant } from './common-stack.ts';
import { repository } from './running-stack.ts';

/** `npx nexus`, as a process, against the running stack. */

const stack = commonStack();
/** Spaces of this file alone: the command line's own tenant is one for the whole stack. */
const suffix = newTenant().slice(2);
const docs = `docs-${suffix}`;
const papers = `papers-${suffix}`;

interface Ran {
  code: number | null;
  out: string;
  err: string;
}

/** A PNG: no text, whatever it is called. */
const picture = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

let folder: string;

const nexus = async (args: string[], env: Record<string, string> = {}): Promise<Ran> => {
  const { NEXUS_URL: _url, NEXUS_TOKEN: _token, NO_COLOR: _color, ...shell } = process.env;
  const child = spawn(process.execPath, [join(repository, 'client/cli/nexus.js'), ...args], { cwd: folder, env: { ...shell, NEXUS_DATA: stack.data, ...env } });
  const ran = { out: '', err: '' };
  child.stdout.on('data', (piece) => {
    ran.out += piece;
  });
  child.stderr.on('data', (piece) => {
    ran.err += piece;
  });
  const [code] = await once(child, 'close');
  return { code, ...ran };
};
/** What it printed. @throws when it failed */
const succeeds = async (args: string[], env?: Record<string, string>): Promise<string> => {
  const { code, out, err } = await nexus(args, env);
  expect([code, err], `nexus ${args.join(' ')}`).toEqual([0, '']);
  return out;
};
const fails = async (args: string[], says: RegExp, env?: Record<string, string>): Promise<void> => {
  const { code, out, err } = await nexus(args, env);
  expect([code, out], err).toEqual([1, '']);
  expect(err).toMatch(says);
};

const beir = Array.from({ length: 1200 }, (_, i) => ({
  _id: `p${i}`,
  title: `Paper ${i}`,
  text: i === 700 ? 'boundary layer of a flat plate' : `abstract number ${i}`,
}));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nexus-cli-'));
  await mkdir(join(folder, 'guide/deep'), { recursive: true });
  await Promise.all([
    writeFile(join(folder, 'guide/start.md'), '# Getting started\n\nThe gate opens with the brass key.\n'),
    writeFile(join(folder, 'guide/deep/more.txt'), 'Lanterns hang in the east wing.\n'),
    writeFile(join(folder, 'guide/.hidden'), 'never sent'),
    writeFile(join(folder, 'notes.txt'), 'The cellar is dry.\n'),
    writeFile(join(folder, 'corpus.jsonl'), beir.map((line) => `${JSON.stringify(line)}\n`).join('')),
    writeFile(join(folder, 'odd.jsonl'), '{"id": "good", "text": "fine"}\n{"id": "bad"}\nnot json\n'),
    writeFile(join(folder, 'broken.bin'), Buffer.from(picture, 'base64')),
  ]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('nexus ingest', () => {
  test('puts files and folders in, and with --wait says how many', async () => {
    expect(await succeeds(['ingest', 'guide', 'notes.txt', '--space', docs, '--wait'])).toMatch(/^3 documents: 3 written, 0 superseded, 0 failed; 3 chunks\n$/);
  });

  test('puts a collection in BEIR layout in, all of it', async () => {
    expect(await succeeds(['ingest', 'corpus.jsonl', '--space', papers, '--wait'])).toMatch(/^1200 documents: 1200 written/);
  });

  test('sent again is the same documents', async () => {
    await succeeds(['ingest', 'guide', 'notes.txt', '--space', docs, '--wait']);
    expect(JSON.parse(await succeeds(['space', docs, '--json']))).toMatchObject({ documents: 3, chunks: 3 });
  });

  test('tells of each bad line and file where it is, sends the good ones, and ends with exit code 1', async () => {
    const { code, out, err } = await nexus(['ingest', 'odd.jsonl', 'broken.bin', '--space', `odd-${suffix}`, '--wait']);
    expect([code, out]).toEqual([1, expect.stringMatching(/^4 documents: 1 written, 0 superseded, 3 failed/)]);
    expect(err).toMatch(/^nexus\.validation_failed: odd\.jsonl:2: /m);
    expect(err).toMatch(/^nexus\.malformed_json: odd\.jsonl:3: /m);
    expect(err).toMatch(/^nexus\.[a-z_]+: broken\.bin: /m);
  });
});

describe('nexus query', () => {
  test('prints the right passage first, with where it is from', async () => {
    const out = await succeeds(['query', 'Which key opens the gate?', '--space', docs]);
    const [first] = out.split('\n\n');
    expect(first).toMatch(/^ 1 {2}\d\.\d{4} {2}tenant {2}guide\/start\.md#0 {2}Getting started\n/);
    expect(first).toContain('The gate opens with the brass key.');
  });

  test('finds one abstract among many', async () => {
    const page = JSON.parse(await succeeds(['query', 'boundary layer flat plate', '--space', papers, '--limit', '3', '--json']));
    expect(page.hits[0]).toMatchObject({ doc_id: 'p700', metadata: { title: 'Paper 700' } });
    expect(page.hits.length).toBe(3);
  });

  test('with --all follows the pages to the end, no hit twice', async () => {
    const out = await succeeds(['query', 'abstract number', '--space', papers, '--all', '--limit', '90', '--json']);
    const pages = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const ids = pages.flatMap(({ hits }) => hits.map(({ id }: { id: string }) => id));
    expect([pages.length, ids.length, new Set(ids).size]).toEqual([12, 1000, 1000]);
    expect(pages.at(-1).next_cursor).toBeNull();
  });

  test('with --filter keeps to it', async () => {
    const page = JSON.parse(await succeeds(['query', 'abstract', '--space', papers, '--filter', '{"title": {"in": ["Paper 3", "Paper 4"]}}', '--json']));
    expect(page.hits.map(({ doc_id }: { doc_id: string }) => doc_id).sort()).toEqual(['p3', 'p4']);
  });

  test('with --global searches the shared space too, which --global put there', async () => {
    expect(await succeeds(['ingest', 'notes.txt', '--space', `shared-${suffix}`, '--global', '--wait'])).toMatch(/^1 documents: 1 written/);
    expect(await succeeds(['query', 'cellar', '--space', `shared-${suffix}`, '--global'])).toMatch(/^ 1 {2}\S+ {2}global {2}notes\.txt#0/);
    const { code, out, err } = await nexus(['query', 'cellar', '--space', `shared-${suffix}`]);
    expect([code, out, err]).toEqual([0, '', expect.stringMatching(/^Nothing found\.\nThere is no space shared-/)]);
  });
});

describe('nexus token', () => {
  test('prints a token that the stack takes, for just what it says', async () => {
    const tenant = newTenant();
    const token = (await succeeds(['token', '--tenant', tenant, '--project', 'p1', '--surface', 'marketing', '--roles', 'reader'])).trim();
    expect((await stack.call('GET', '/nexus/spaces', { token })).body).toEqual({ spaces: [], next_cursor: null });
    expect((await stack.call('PUT', '/nexus/spaces/s', { token, body: {} })).status).toBe(403);
  });

  test('is what NEXUS_TOKEN makes a caller of', async () => {
    const token = await stack.token({ tenant: newTenant() });
    expect(await succeeds(['spaces'], { NEXUS_TOKEN: token })).toBe('');
    const { err } = await nexus(['query', 'gate', '--space', docs], { NEXUS_TOKEN: token });
    expect(err).toBe(`Nothing found.\nThere is no space ${docs} here. nexus spaces lists those that there are.\n`);
  });
});

describe('nexus task, spaces and space', () => {
  test('tell how an ingest without --wait goes on', async () => {
    const taskId = (await succeeds(['ingest', 'notes.txt', '--space', `later-${suffix}`])).trim();
    expect(taskId).toMatch(/^task_[0-9a-f]{32}$/);
    expect(JSON.parse(await succeeds(['task', taskId, '--wait', '--json']))).toMatchObject({ task_id: taskId, status: 'succeeded', counts: { written: 1 } });
    expect(await succeeds(['task', taskId])).toMatch(new RegExp(`^${taskId} succeeded\n`));
  });

  test('list and describe what is there', async () => {
    expect(await succeeds(['spaces'])).toMatch(new RegExp(`^${docs} +tenant +\\d{4}-`, 'm'));
    expect(await succeeds(['space', docs])).toMatch(/^documents +3$/m);
  });

  test('of a failed task: exit code 1 and its error', async () => {
    const taskId = (await succeeds(['ingest', 'broken.bin', '--space', `failed-${suffix}`])).trim();
    const { code, err } = await nexus(['task', taskId, '--wait']);
    expect([code, err]).toEqual([1, expect.stringMatching(/^nexus\.[a-z_]+: broken\.bin: /)]);
  });
});

describe('nexus docs and delete', () => {
  const gone = `gone-${suffix}`;

  test('list documents, read one, and take one or all away', async () => {
    await succeeds(['ingest', 'guide', '--space', gone, '--wait']);
    expect(await succeeds(['docs', gone])).toMatch(/^guide\/deep\/more\.txt .*\nguide\/start\.md .*\n$/);
    expect(await succeeds(['docs', gone, '--doc', 'guide/start.md'])).toContain('The gate opens with the brass key.');
    expect(await succeeds(['delete', gone, '--doc', 'guide/start.md'])).toBe('1 documents deleted\n');
    await fails(['docs', gone, '--doc', 'guide/start.md'], /^nexus\.not_found: /);
    expect((await nexus(['query', 'brass key', '--space', gone])).out).not.toContain('brass');
    await succeeds(['delete', gone]);
    expect(await nexus(['docs', gone])).toMatchObject({ code: 0, out: '', err: expect.stringContaining(`no space ${gone}`) });
    await fails(['delete', gone], /^cli\.no_space: /);
    expect(await succeeds(['spaces'])).not.toContain(gone);
  });
});

describe('an error is exit code 1 and its code and message', () => {
  test("the API's own", async () => {
    await Promise.all([
      fails(['task', 'task_00000000000000000000000000000000'], /^nexus\.not_found: There is no such task/),
      fails(['space', '../x'], /^nexus\.(validation_failed|not_found): /),
      fails(['query', 'x', '--space', docs, '--filter', '{"title": {"like": "x"}}'], /^nexus\.filter_unsupported: /),
      fails(['spaces'], /^auth\.unauthenticated: /, { NEXUS_TOKEN: 'a.b.c' }),
      fails(['ingest', 'notes.txt', '--space', docs, '--global'], /^nexus\.global_write_forbidden: /, {
        NEXUS_TOKEN: await stack.token({ tenant: newTenant() }),
      }),
    ]);
  });

  test('and those of the command line', async () => {
    await Promise.all([
      fails(['fly'], /^cli\.unknown_command: /),
      fails(['query', '--space', docs], /^cli\.usage: /),
      fails(['query', 'x'], /^cli\.usage: --space is missing/),
      fails(['ingest', 'nowhere', '--space', docs], /^cli\.path_not_found: There is no file or folder nowhere/),
      fails(['spaces'], /^cli\.no_stack: /, { NEXUS_DATA: folder }),
      fails(['spaces'], /^client\.connection: /, { NEXUS_URL: 'http://127.0.0.1:1', NEXUS_TOKEN: 'x' }),
    ]);
  });
});
