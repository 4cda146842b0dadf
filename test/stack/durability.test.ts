import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningStack, startStack } from './running-stack.ts';
import type { Answer } from './send.ts';

/** A 202 is durable: whatever is killed right after it, the task ends, and its documents are there, once. */

const requestsPerRound = 20;
/** Which process dies, and after how many 202s of the round. */
const rounds = [
  { victim: 'runner', after: 1 },
  { victim: 'runner', after: 8 },
  { victim: 'launcher', after: 12 },
  { victim: 'runner', after: 16 },
  { victim: 'edge', after: 20 },
] as const;

interface Request {
  key: string;
  space: string;
  documents: { id: string; text: string; metadata: { request: string } }[];
}

/** Half of a round writes a space of its own, half one that all rounds share, so that some rounds find a killed writer's lease. */
const requestOf = (round: number, index: number): Request => {
  const key = `r${round}-q${index}`;
  const documents = ['a', 'b'].map((part) => ({ id: `${key}-${part}`, text: `needle of request ${key}, part ${part}`, metadata: { request: key } }));
  const contested = { id: 'contested', text: `needle as request ${key} has it`, metadata: { request: key } };
  return { key, space: index % 2 === 0 ? 'shared' : `round${round}`, documents: index % 2 === 0 ? [...documents, contested] : documents };
};

let stack: RunningStack;
let token: string;
const acceptedTask = new Map<string, string>();
const requests: Request[] = [];
/** Keys of the requests that had their 202 without being repeated. */
let answeredAtOnce: Set<string>;

const post = ({ key, space, documents }: Request): Promise<Answer> =>
  stack.call('POST', `/nexus/spaces/${space}/ingest`, { token, body: { documents }, headers: { 'idempotency-key': key } });

const killUnderLoad = async (round: number, victim: 'runner' | 'launcher' | 'edge', after: number): Promise<void> => {
  const batch = Array.from({ length: requestsPerRound }, (_, index) => requestOf(round, index));
  requests.push(...batch);
  let accepted = 0;
  let killed: Promise<unknown> | undefined;
  await Promise.allSettled(
    batch.map(async (request) => {
      const answer = await post(request);
      if (answer.status !== 202) return;
      acceptedTask.set(request.key, answer.body.task_id);
      accepted += 1;
      if (accepted === after) killed = stack.kill(victim);
    }),
  );
  expect(killed, `${accepted} requests were accepted, too few to kill after ${after}`).toBeDefined();
  await killed;
  stack = await stack.startAgain();
};

const allHits = async (space: string, query: object): Promise<Answer['body'][]> => {
  const hits: Answer['body'][] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const { status, body, text } = await stack.call('POST', `/nexus/spaces/${space}/query`, {
      token,
      body: { limit: 100, ...query, ...(cursor ? { cursor } : {}) },
    });
    expect(status, text).toBe(200);
    hits.push(...body.hits);
    cursor = body.next_cursor;
  }
  return hits;
};

beforeAll(async () => {
  stack = await startStack();
  token = await stack.token({ tenant: 't_a' });
  for (const [round, { victim, after }] of rounds.entries()) await killUnderLoad(round, victim, after);
});
afterAll(() => stack?.remove());

describe('processes are killed right after their 202s', () => {
  test('every 202 ends succeeded', async () => {
    expect(acceptedTask.size).toBeGreaterThanOrEqual(rounds.reduce((sum, { after }) => sum + after, 0));
    const tasks = await Promise.all([...acceptedTask.values()].map((taskId) => stack.waitForTask(token, taskId)));
    expect(tasks.filter(({ status, errors }) => status !== 'succeeded' || errors.length > 0)).toEqual([]);
  });

  test('a request that died without its answer is finished by its repetition, and one that had it is not made again', async () => {
    answeredAtOnce = new Set(acceptedTask.keys());
    for (const request of requests) {
      const known = acceptedTask.get(request.key);
      const answer = await post(request);
      expect(answer.status, answer.text).toBe(202);
      expect(answer.body.task_id).toBe(known ?? answer.body.task_id);
      acceptedTask.set(request.key, answer.body.task_id);
    }
    const ended = await Promise.all([...acceptedTask.values()].map((taskId) => stack.waitForTask(token, taskId)));
    expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(['succeeded']));
  });

  test('every document is found, whole and once', async () => {
    const spaces = [...new Set(requests.map(({ space }) => space))];
    for (const space of spaces) {
      const ids = [...new Set(requests.filter((request) => request.space === space).flatMap(({ documents }) => documents.map(({ id }) => id)))].sort();
      const hits = await allHits(space, { query: 'needle', mode: 'text' });
      expect(hits.map(({ doc_id }) => doc_id).sort()).toEqual(ids);
      const { body } = await stack.call('GET', `/nexus/spaces/${space}`, { token });
      expect([body.documents, body.chunks]).toEqual([ids.length, ids.length]);
      for (const { doc_id, text, metadata } of hits) {
        const sent = requests.find(({ key }) => key === metadata.request)?.documents.find(({ id }) => id === doc_id);
        expect(text).toBe(sent?.text);
      }
    }
  });

  test('of a document that many requests wrote, a later one is there, not one from before the last restart', async () => {
    const [hit] = await allHits('shared', { query: 'needle', mode: 'text', filter: { doc_id: 'contested' } });
    const isLate = hit.metadata.request.startsWith(`r${rounds.length - 1}-`) || !answeredAtOnce.has(hit.metadata.request);
    expect(isLate, hit.metadata.request).toBe(true);
    expect((await stack.waitForTask(token, acceptedTask.get(hit.metadata.request) as string)).counts).toMatchObject({ written: 3, superseded: 0 });
  });
});
