import type { Answer, RunningRunner } from '../runner/running-runner.ts';

export interface Measurement {
  at: string;
  value: number;
}

const dayMs = 86_400_000;

/** A value a day from a date on, at midnight UTC. */
export const daily = (from: string, values: readonly number[]): Measurement[] =>
  values.map((value, index) => ({ at: new Date(Date.parse(`${from}T00:00:00Z`) + index * dayMs).toISOString(), value }));

/** So many values that repeat by the week and wander a little, the same each time. */
export const weekly = (count: number, seed = 1): number[] => {
  let state = seed;
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  return Array.from({ length: count }, (_, day) => Math.round(1000 + 100 * (day % 7) + 40 * (random() - 0.5)));
};

/** The same in another order, the same each time. */
export const shuffled = <T>(list: readonly T[], seed = 7): T[] => {
  const mixed = [...list];
  let state = seed;
  for (let end = mixed.length - 1; end > 0; end--) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    const other = state % (end + 1);
    [mixed[end], mixed[other]] = [mixed[other] as T, mixed[end] as T];
  }
  return mixed;
};

export const taskOf = async (runner: RunningRunner, accepted: Answer): Promise<Answer['body']> => {
  if (accepted.status !== 202) throw new Error(`answered ${accepted.status}: ${JSON.stringify(accepted.body)}`);
  for (;;) {
    const { body } = await runner.call('GET', `/nexus/tasks/${accepted.body.task_id}`);
    if (['succeeded', 'partial', 'failed'].includes(body.status)) return body;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

/** Sends measurements and waits until the task has ended. */
export const measure = async (runner: RunningRunner, space: string, ...metrics: object[]): Promise<Answer['body']> =>
  taskOf(runner, await runner.call('POST', `/nexus/spaces/${space}/kpi`, { metrics }));

export interface StoredFact {
  doc_id: string;
  type: string;
  metadata: Record<string, string | number | boolean | string[]>;
  text: string;
}

/** Every fact of a space, in order of their ids, through the ordinary query. */
export const factsIn = async (runner: RunningRunner, space: string): Promise<StoredFact[]> => {
  const found: StoredFact[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const request = { query: 'visits', limit: 100, filter: { type: 'kpi' }, ...(cursor === undefined ? {} : { cursor }) };
    const page: Answer = await runner.call('POST', `/nexus/spaces/${space}/query`, request);
    if (page.status !== 200) throw new Error(`query answered ${page.status}: ${JSON.stringify(page.body)}`);
    found.push(...page.body.hits.map(({ doc_id, type, metadata, text }: StoredFact) => ({ doc_id, type, metadata, text })));
    cursor = page.body.next_cursor;
  }
  return found.sort((a, b) => (a.doc_id < b.doc_id ? -1 : 1));
};
