import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Task } from '../../shared/http/tasks.ts';
import { type SpaceKey, spaceKey } from '../../shared/space-key.ts';
import { caller } from '../runner/running-runner.ts';
import { scaled } from '../scale.ts';
import { ask, documentsOf } from './ask.ts';
import { grantedFetch } from './granted-fetch.ts';
import type { Wish } from './history.ts';
import { type Accepted, docIdsOf, expectationOf } from './model.ts';
import { checkNeverBack, checkTasksAreVisible } from './observer.ts';
import { folderView, headsOf, type Published, readPublished } from './published.ts';
import { type RunnerProcess, runnerProcess } from './runner-process.ts';
import { type SharedRoots, sharedRoots } from './shared-roots.ts';

const kills = scaled(10);
/** A killed holder's lease blocks its space for 12 s: with this many there is always one to write to. */
const spaces = 6;
const writers = 4;

let roots: SharedRoots;
let runner: RunnerProcess;
beforeAll(async () => {
  roots = sharedRoots();
  runner = runnerProcess({ data: roots.dataOf('runner'), role: 'all', routes: roots.routes, pushAuth: 'oidc' });
  await runner.start();
}, 60_000);
afterAll(async () => {
  await runner.kill();
  roots.remove();
}, 60_000);

const pick = <T>(from: readonly T[]): T => from[Math.floor(Math.random() * from.length)] as T;
const keys = Array.from({ length: spaces }, (_, index) => spaceKey(caller(), 'tenant', `killed-${index}`));
const topic = { topic: 'red', rank: 0 };

/** Each writer has documents of its own, so that the order in which it asks is the order in which they were accepted. */
const anyWish = (writer: number): Extract<Wish, { kind: 'ingest' | 'delete' }> => {
  const own = (name: string) => `${name}-${writer}`;
  if (Math.random() < 0.2) return { kind: 'delete', ids: [own(pick(['a', 'b']))], oneByOne: true };
  const documents = [
    { id: own('a'), sentences: pick([1, 5, 40]), ...topic },
    { id: own('b'), sentences: pick([2, 30]), ...topic },
  ];
  return { kind: 'ingest', documents: documents.slice(pick([0, 1])), maxTokens: 24, bulky: Math.random() < 0.05 };
};

type Owed = Map<SpaceKey, Map<string, Accepted>>;

/** Asks on and on. A request that got no answer may have been accepted: it is asked again, by the same key, until it is told. */
const write = async (writer: number, owed: Owed, isOver: () => boolean): Promise<void> => {
  for (let seq = 1; !isOver(); seq++) {
    const key = pick(keys);
    const wish = anyWish(writer);
    const documents = documentsOf(wish, `version ${writer} ${seq}`, 'text');
    const headers = { 'idempotency-key': randomUUID() };
    for (;;) {
      const answer = await ask(runner.origin(), key, wish, documents, headers).catch(() => undefined);
      if (answer?.status === 202) {
        const taskId: string = answer.body.task_id;
        expect(owed.get(key)?.has(taskId), 'each request has a task of its own').toBe(false);
        owed.get(key)?.set(taskId, { taskId, seq, life: 1, wish, documents, succeededBefore: new Set() });
        break;
      }
      if (answer !== undefined) expect(answer.status, JSON.stringify(answer.body)).toBeGreaterThanOrEqual(500);
      await sleep(30);
    }
  }
};

const endOf = async (taskId: string): Promise<Task> => {
  for (;;) {
    const { status, body } = await grantedFetch(runner.origin(), 'GET', `/nexus/tasks/${taskId}`);
    if (status !== 200) throw new Error(`task ${taskId} answered ${status}`);
    if (['succeeded', 'partial', 'failed'].includes(body.status)) return body;
    await sleep(50);
  }
};

const versionsOf = async (key: SpaceKey, accepted: Map<string, Accepted>): Promise<Published[]> => {
  const versions: Published[] = [];
  const store = folderView(roots.store);
  for (const head of await headsOf(store, key)) versions.push(await readPublished(store, key, head, accepted));
  return versions;
};

test(
  `after ${kills} kills under load every request that was accepted has ended, its effect whole and nothing twice`,
  async () => {
    const owed: Owed = new Map(keys.map((key) => [key, new Map()]));
    let isOver = false;
    const writing = Promise.all(Array.from({ length: writers }, (_, writer) => write(writer, owed, () => isOver)));
    writing.catch(() => undefined);
    for (let kill = 0; kill < kills; kill++) {
      await sleep(100 + Math.random() * 3_000);
      await runner.kill();
      await runner.start();
    }
    isOver = true;
    await writing;

    let requests = 0;
    let published = 0;
    for (const [key, accepted] of owed) {
      const tasks = new Map<string, Task>();
      for (const taskId of accepted.keys()) tasks.set(taskId, await endOf(taskId));
      expect([...tasks.values()].filter(({ status }) => status !== 'succeeded')).toEqual([]);
      const versions = await versionsOf(key, accepted);
      const final = versions.at(-1);
      for (const docId of docIdsOf([...accepted.values()]))
        expect(final?.documents.get(docId)?.taskId, `${docId} of ${key.space_id}`).toBe(expectationOf([...accepted.values()], docId, 1).writtenBy?.taskId);
      checkNeverBack(versions);
      checkTasksAreVisible(versions, accepted, tasks);
      requests += accepted.size;
      published += versions.length;
    }
    console.log({ kills, requests, versions: published });
    expect(requests).toBeGreaterThan(kills);
    expect(runner.noise, 'no crash but ours').toEqual([]);
  },
  120_000 + 12_000 * kills,
);
