import { afterAll, beforeAll, expect, test } from 'vitest';
import { spaceKey } from '../../shared/space-key.ts';
import { caller, type RunningRunner, startRunner } from '../runner/running-runner.ts';
import { folderView, headsOf } from './published.ts';

const requests = 200;
const versionsMax = 20;

let runner: RunningRunner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.stop());

test(`${requests} concurrent single-document ingests into one space are published in at most ${versionsMax} versions, and none is lost`, async () => {
  const ids = Array.from({ length: requests }, (_, index) => `d${index}`);
  const tasks = await Promise.all(ids.map((id) => runner.ingest('crowded', { documents: [{ id, text: `The text of ${id}.` }] })));
  expect(
    tasks.map(({ status, counts }) => ({ status, written: counts.written })).filter(({ status, written }) => status !== 'succeeded' || written !== 1),
  ).toEqual([]);

  const heads = await headsOf(folderView(`${runner.folder}/store`), spaceKey(caller(), 'tenant', 'crowded'));
  expect(heads.length).toBeLessThanOrEqual(versionsMax);
  const found = await Promise.all(ids.map((id) => runner.call('GET', `/nexus/spaces/crowded/documents/${id}?include=text`)));
  expect(found.map(({ body }) => body.text)).toEqual(ids.map((id) => `The text of ${id}.`));
  if (process.env.NEXUS_TEST_SCALE !== undefined) console.log({ requests, versions: heads.length });
}, 60_000);
