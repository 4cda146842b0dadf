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
  name: string;
  /** Sent as Idempotency-Key, so that it can be repeated; without one the 202 comes a write earlier. */
  key: string | undefined;
  space: string;
  documents: { id: string; text: string; metadata: { request: string } }[];
}

/** Half of a round writes a space of its own, half one that all rounds share, so that some rounds find a killed writer's lease. */
const requestOf = (round: number, index: number): Request => {
  const name = `r${round}-q${index}`;
  const documents = ['a', 'b'].map((part) => ({ id: `${name}-${part}`, text: `needle of request ${name}, part ${part}`, metadata: { request: name } }));
  const contested = { id: 'contested', text: `needle as request ${name} has it`, metadata: { request: name } };
  const key = index % 4 < 2 ? name : undefined;
  return { name, key, space: index % 2 === 0 ? 'shared' : `round${round}`, documents: index % 2 === 0 ? [...documents, contested] : documents };
};

let stack: RunningStack;
let token: string;
const acceptedTask = new Map<string, string>();
const requests: Request[] = [];
/** Names of the requests that had their 202 without being repeated. */
let answeredAtOnce: Set<string>;

const post = ({ key, space, documents }: Request): Promise<Answer> =>
  stack.call('POST', `/nexus/spaces/${space}/ingest`, { token, body: { documents }, headers: key === undefined ? {} : { 'idempotency-key': key } });

const killUnderLoad = async (round: number, victim: 'runner' | 'launcher' | 'edge', after: number): Promise<void> => {
  const batch = Array.from({ length: requestsPerRound }, (_, index) => requestOf(round, index));
  requests.push(...batch);
  let accepted = 0;
  let killed: Promise<unknown> | undefined;
  await Promise.allSettled(
    batch.map(async (request) => {
      const answer = await post(request);
      if (answer.status !== 202) return;
      acceptedTask.set(request.name, answer.body.task_id);
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
    for (const request of requests.filter(({ key }) => key !== undefined)) {
      const known = acceptedTask.get(request.name);
      const answer = await post(request);
      expect(answer.status, answer.text).toBe(202);
      expect(answer.body.task_id).toBe(known ?? answer.body.task_id);
      acceptedTask.set(request.name, answer.body.task_id);
    }
    const ended = await Promise.all([...acceptedTask.values()].map((taskId) => stack.waitForTask(token, taskId)));
    expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(['succeeded']));
  });

  test('every document is found, whole and once, and nothing else but what may have been accepted unheard', async () => {
    for (const space of new Set(requests.map((request) => request.space))) {
      const here = requests.filter((request) => request.space === space);
      const idsOf = (some: Request[]): string[] => [...new Set(some.flatMap(({ documents }) => documents.map(({ id }) => id)))].sort();
      const hits = await allHits(space, { query: 'needle', mode: 'text' });
      const found = hits.map(({ doc_id }) => doc_id).sort();
      expect(found).toEqual([...new Set(found)]);
      expect(found).toEqual(expect.arrayContaining(idsOf(here.filter(({ name }) => acceptedTask.has(name)))));
      expect(idsOf(here)).toEqual(expect.arrayContaining(found));
      const { body } = await stack.call('GET', `/nexus/spaces/${space}`, { token });
      expect([body.documents, body.chunks]).toEqual([found.length, found.length]);
      for (const { doc_id, text, metadata } of hits) {
        const sent = requests.find(({ name }) => name === metadata.request)?.documents.find(({ id }) => id === doc_id);
        expect(text).toBe(sent?.text);
      }
    }
  });

  test('of a document that many requests wrote, a later one is there, not one from before the last restart', async () => {
    const [hit] = await allHits('shared', { query: 'needle', mode: 'text', filter: { doc_id: 'contested' } });
    const winner = hit.metadata.request;
    expect(winner.startsWith(`r${rounds.length - 1}-`) || !answeredAtOnce.has(winner), winner).toBe(true);
    const taskId = acceptedTask.get(winner);
    if (taskId !== undefined) expect((await stack.waitForTask(token, taskId)).counts).toMatchObject({ written: 3, superseded: 0 });
  });
});
