import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PubSub } from '@google-cloud/pubsub';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { createNexus, type Nexus } from '../../client/index.ts';
import { namesOf, provisionEvents } from '../../deploy/event-resources.ts';
import { formatMicros, parseMicros } from '../../shared/time.ts';
import { type RunnerProcess, runnerProcess } from '../convergence/runner-process.ts';
import { environment } from '../edge/edge-under-test.ts';
import { tokenWith } from '../edge/tokens.ts';
import { startWorkerd } from '../edge/workerd-process.ts';
import { type GooglePusher, pushAudience, pushEmail, startGooglePusher } from './google-pusher.ts';

/** The way of a write through the cloud's own spine: edge in workerd → query instance → Pub/Sub → worker instance → Lance → query. */

const project = 'nexus-spine';
const prefix = 'spine';
const folder = mkdtempSync(join(tmpdir(), 'nexus-cloud-'));
let pusher: GooglePusher;
let readers: RunnerProcess;
let workers: RunnerProcess;
let workerd: Awaited<ReturnType<typeof startWorkerd>>;
let nexus: Nexus;
let client: PubSub;

/** The emulator waits longer after each failure, whichever event it was of: here not long. */
const provision = (maxDeliveryAttempts: number) => {
  const waits = { maxBackoffSeconds: 2, ackDeadlineSeconds: 60 };
  return provisionEvents(client, { workerUrl: pusher.url, pushEmail, audience: pushAudience, prefix, maxDeliveryAttempts, ...waits });
};

const routes = JSON.stringify({
  routes: [
    { id: 'store', kind: 'nexus_store', match: {}, backend: 'lancedb', root: join(folder, 'store') },
    { id: 'blobs', kind: 'nexus_blob_store', match: {}, backend: 'blob', root: join(folder, 'blobs') },
  ],
});

const instance = (role: 'query' | 'worker', emulator: string): RunnerProcess =>
  runnerProcess({
    data: join(folder, role),
    role,
    routes,
    pushAuth: 'oidc',
    env: {
      NEXUS_PROFILE: 'cloud',
      NEXUS_EVENTS: 'pubsub',
      NEXUS_GRANT_SECRET: environment.NEXUS_GRANT_SECRET,
      NEXUS_CURSOR_KEYS: environment.NEXUS_CURSOR_KEYS,
      NEXUS_PUBSUB_TOPIC: `projects/${project}/topics/${namesOf(prefix).events}`,
      NEXUS_PUSH_AUDIENCE: pushAudience,
      NEXUS_PUSH_EMAIL: pushEmail,
      NEXUS_PUSH_JWKS_URL: pusher.jwksUrl,
      PUBSUB_EMULATOR_HOST: emulator,
    },
  });

beforeAll(async () => {
  const emulator = inject('pubsubEmulator');
  pusher = await startGooglePusher();
  client = new PubSub({ projectId: project, apiEndpoint: emulator, emulatorMode: true, universeDomain: 'googleapis.com' });
  await provision(100);
  [readers, workers] = [instance('query', emulator), instance('worker', emulator)];
  await Promise.all([readers.start(), workers.start()]);
  pusher.passTo(workers.origin());
  workerd = await startWorkerd({ ...environment, NEXUS_ROUTES: routes, NEXUS_RUNNERS: readers.origin() });
  const token = await tokenWith({ exp: Math.floor(Date.now() / 1000) + 3600 });
  nexus = createNexus({ url: workerd.url.origin, token });
});
afterAll(async () => {
  await workerd?.close();
  await readers?.kill();
  await workers?.kill();
  await client?.close();
  await pusher?.close();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => {
  pusher.answerInstead = () => undefined;
  pusher.holdBack = () => false;
  pusher.insists = false;
});

const program = fileURLToPath(new URL('../../deploy/replay-dead-letters.ts', import.meta.url));
/** `npm run replay:dead-letters`, as an operator runs it. */
const replay = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', program, ...args], {
    env: { PATH: process.env.PATH, HOME: '/', PUBSUB_EMULATOR_HOST: inject('pubsubEmulator'), METADATA_SERVER_DETECTION: 'none' },
  });

const ingest = async (space: string, id: string, text: string): Promise<string> => (await nexus.space(space).ingest({ documents: [{ id, text }] })).task_id;
const found = async (space: string, query: string) => (await nexus.space(space).query({ query })).hits.map(({ doc_id, text }) => ({ doc_id, text }));

test('what is ingested at the edge is found, and carries the time at which Pub/Sub took it', async () => {
  const taskId = await ingest('way', 'd', 'whales sing in the deep');
  expect(await nexus.waitForTask(taskId)).toMatchObject({ status: 'succeeded', counts: { written: 1 } });
  const { hits } = await nexus.space('way').query({ query: 'whales' });
  const publishTime = pusher.passedOn.find(({ id }) => id === taskId)?.publishTime ?? '';
  expect(hits.map(({ doc_id, updated_at }) => ({ doc_id, updated_at }))).toEqual([
    { doc_id: 'd', updated_at: formatMicros(parseMicros(publishTime) as number) },
  ]);
});

test('an event that is delivered again after it was done changes nothing', async () => {
  const lost = new Set<string>();
  pusher.answerInstead = ({ id }) => (lost.has(id) ? undefined : lost.add(id) && 500);
  const taskId = await ingest('again', 'd', 'told twice');
  const times = () => pusher.passedOn.filter(({ id }) => id === taskId).length;
  await expect.poll(times, { timeout: 120_000 }).toBeGreaterThanOrEqual(2);
  expect(await nexus.waitForTask(taskId)).toMatchObject({ status: 'succeeded', counts: { written: 1 } });
  expect(await found('again', 'twice')).toEqual([{ doc_id: 'd', text: 'told twice' }]);
  expect(await nexus.space('again').describe()).toMatchObject({ documents: 1, chunks: 1 });
});

test('of two versions the one that Pub/Sub took last stays, also when it is delivered first', async () => {
  let first = '';
  pusher.holdBack = (_, id) => id === first;
  // Held back from its first delivery on: its id is known only after it was accepted.
  pusher.passTo('http://127.0.0.1:1');
  first = await ingest('order', 'd', 'the earlier words');
  pusher.passTo(workers.origin());
  const second = await ingest('order', 'd', 'the later words');
  expect(await nexus.waitForTask(second)).toMatchObject({ status: 'succeeded' });
  pusher.holdBack = () => false;
  expect(await nexus.waitForTask(first)).toMatchObject({ counts: { superseded: 1, written: 0 } });
  expect(await found('order', 'words')).toEqual([{ doc_id: 'd', text: 'the later words' }]);
});

test('an event that no worker takes goes to the dead letters, and its task ends as failed', async () => {
  await provision(5);
  pusher.holdBack = (path) => path === '/worker/events';
  const taskId = await ingest('dead', 'd', 'never read');
  const task = await nexus.waitForTask(taskId, { timeoutMs: 120_000 });
  expect(task).toMatchObject({ status: 'failed', errors: [{ code: 'nexus.internal' }] });
  expect(pusher.passedOn.filter(({ id, path }) => id === taskId && path === '/worker/dead-letters').map(({ status }) => status)).toEqual([204]);
  await provision(100);
});

test('a dead letter that an operator publishes again is done, in the place that it had, and its task says so', async () => {
  await provision(5);
  pusher.holdBack = (path) => path === '/worker/events';
  const long = 'stored beside its event '.repeat(20_000);
  const taskId = await ingest('replayed', 'd', long);
  expect(await nexus.waitForTask(taskId, { timeoutMs: 120_000 })).toMatchObject({ status: 'failed' });
  pusher.holdBack = () => false;
  await provision(100);
  const later = await ingest('replayed', 'other', 'accepted since');
  expect(await nexus.waitForTask(later)).toMatchObject({ status: 'succeeded' });

  const run = async (...args: string[]) => (await replay('--project', project, '--prefix', prefix, ...args)).stdout;
  expect(await run('--quiet', '3', '--list')).toMatch(new RegExp(`^${taskId} nexus\\.ingest_requested /nexus/spaces/replayed accepted `, 'm'));
  expect(await run('--quiet', '12', '--id', taskId)).toMatch(/^1 dead letters published again$/m);
  const status = async () => (await nexus.task(taskId)).status;
  await expect.poll(status, { timeout: 120_000 }).toBe('succeeded');
  expect((await nexus.space('replayed').documents.get('d', { text: true })).text).toBe(long);
});

test('keys that the issuer changes are taken without a restart', async () => {
  await pusher.rotateKey();
  const taskId = await ingest('rotated', 'd', 'signed with another key');
  expect(await nexus.waitForTask(taskId, { timeoutMs: 120_000 })).toMatchObject({ status: 'succeeded' });
});

test('instances that are told to stop end with 0, and what was accepted meanwhile is done by the next', async () => {
  const texts = Array.from({ length: 20 }, (_, index) => `passage ${index}`);
  pusher.insists = true;
  const accepted = Promise.all(texts.map((text, index) => ingest('stopped', `d${index}`, text)));
  expect(await workers.terminate()).toBe(0);
  const taskIds = await accepted;
  await workers.start();
  pusher.passTo(workers.origin());
  for (const taskId of taskIds) expect(await nexus.waitForTask(taskId, { timeoutMs: 120_000 })).toMatchObject({ status: 'succeeded' });
  expect(await nexus.space('stopped').describe()).toMatchObject({ documents: texts.length });
  expect(await readers.terminate()).toBe(0);
});
