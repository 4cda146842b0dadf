import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RunningRunner, startRunner } from '../runner/running-runner.ts';
import { damageFile, damages, filesIn, putForeign } from './damage.ts';
import { type SharedRoots, sharedRoots } from './shared-roots.ts';

let roots: SharedRoots;
let runner: RunningRunner;
let table: string;
const start = () => startRunner({ folder: roots.dataOf('runner'), routes: JSON.parse(roots.routes) });
beforeEach(async () => {
  roots = sharedRoots();
  table = `${roots.store}/t_a/dev/p1/marketing/broken.lance`;
  runner = await start();
  for (const space of ['broken', 'whole'])
    for (const id of ['a', 'b']) await runner.ingest(space, { documents: [{ id, text: `Document ${id} of ${space}.` }] });
});
afterEach(async () => {
  await runner.stop();
  roots.remove();
});

const query = (space: string) => runner.call('POST', `/nexus/spaces/${space}/query`, { query: 'document', limit: 100 });
const found = (body: { hits: { doc_id: string; text: string }[] }): string[] => body.hits.map(({ doc_id, text }) => `${doc_id}: ${text}`).sort();
const statusOf = async (taskId: string): Promise<string> => (await runner.call('GET', `/nexus/tasks/${taskId}`)).body.status;

const parts = ['_versions', 'data', '_indices', '_transactions'];
const ways: Record<string, (path: string) => void> = {
  ...Object.fromEntries(Object.entries(damages).map(([name, damage]) => [name, (path: string) => damageFile(path, damage)])),
  gone: (path) => rmSync(path),
};

test.each(parts.flatMap((part) => Object.keys(ways).map((way) => ({ part, way }))))(
  'files in $part of a table that are $way never show less or other than was written, and break no other space',
  async ({ part, way }) => {
    await runner.stop();
    for (const file of filesIn(`${table}/${part}`)) ways[way]?.(file);
    runner = await start();
    const answer = await query('broken');
    if (answer.status === 200) expect(found(answer.body)).toEqual(['a: Document a of broken.', 'b: Document b of broken.']);
    else expect(answer.status).toBeGreaterThanOrEqual(500);
    const { status, body } = await runner.call('POST', '/nexus/spaces/broken/ingest', { documents: [{ id: 'c', text: 'Document c of broken.' }] });
    expect(status).toBe(202);

    expect((await runner.ingest('whole', { documents: [{ id: 'c', text: 'Document c of whole.' }] })).status).toBe('succeeded');
    expect(found((await query('whole')).body)).toHaveLength(3);

    // Tried a few times by now, if it fails: not hotly, and not silently.
    await expect
      .poll(
        async () =>
          (await statusOf(body.task_id)) === 'succeeded' ||
          runner.logged.some(({ event, fields }) => event === 'request.failed' && fields?.path === '/worker/events'),
      )
      .toBe(true);
    expect(runner.logged.filter(({ event }) => event === 'request.failed').length).toBeLessThan(20);
    if ((await statusOf(body.task_id)) === 'succeeded' && (await query('broken')).status === 200) expect(found((await query('broken')).body)).toHaveLength(3);
  },
);

test('foreign files in the folder of a table disturb nobody', async () => {
  for (const name of ['_versions/notes.txt', 'data/notes.txt', 'data/x.lance', 'notes.txt', '_deletions/x', '_indices/x/y']) putForeign(`${table}/${name}`);
  await runner.stop();
  runner = await start();
  expect(found((await query('broken')).body)).toHaveLength(2);
  expect((await runner.ingest('broken', { documents: [{ id: 'c', text: 'Document c of broken.' }] })).status).toBe('succeeded');
  expect(found((await query('broken')).body)).toHaveLength(3);
});
